import Glibc
import Recurrent
import Testing

@Suite struct LossTests {
  @Test func `cross-entropy sums what counts and differentiates the mean`() {
    let scores = Matrix<Double>(rows: 3, columns: 2, [0, log(3), 5, 5, 1000, -1000])
    let gradient = Matrix<Double>()
    let loss = Loss.crossEntropy(scores, targets: [1, -1, 0], gradient: gradient)
    #expect(loss.count == 2)
    #expect(abs(loss.sum - log(4.0 / 3)) < 1e-12)
    let expected = [0.125, -0.125, 0, 0, 0, 0]
    for (found, wanted) in zip(gradient.elements, expected) { #expect(abs(found - wanted) < 1e-12) }
    #expect(Loss.crossEntropy(scores, targets: [1, -1, 0]) == loss)
  }

  @Test func `nothing to count is no loss`() {
    let scores = Matrix<Float>(rows: 2, columns: 2, [1, 2, 3, 4])
    let gradient = Matrix<Float>()
    let loss = Loss.crossEntropy(scores, targets: [-1, -1], gradient: gradient)
    #expect(loss.mean == 0 && loss.count == 0)
    #expect(gradient.elements == [0, 0, 0, 0])
  }

  @Test func `scores of many classes give the same loss with and without a gradient`() {
    let columns = 200
    let scores = Matrix<Float>(
      rows: 2, columns: columns, (0..<2 * columns).map { Float($0 * 37 % 101) / 25 - 2 })
    let with = Loss.crossEntropy(scores, targets: [3, 199], gradient: Matrix())
    let without = Loss.crossEntropy(scores, targets: [3, 199])
    #expect(abs(with.sum - without.sum) < 1e-9)
    let exact = [3, 199].enumerated().reduce(0.0) { sum, target in
      let row = (0..<columns).map { exp(Double(scores[target.offset, $0])) }
      return sum - log(row[target.element] / row.reduce(0, +))
    }
    #expect(abs(with.sum - exact) < 1e-5)
  }

  @Test func `a softmax sums to one and does not overflow`() {
    let probabilities = Matrix<Float>()
    Loss.softmax(Matrix(rows: 2, columns: 3, [1, 1, 1, 900, 0, -900]), into: probabilities)
    #expect(probabilities.elements.prefix(3).allSatisfy { abs($0 - 1.0 / 3) < 1e-6 })
    #expect(abs(probabilities[1, 0] - 1) < 1e-6 && probabilities[1, 2] < 1e-30)
  }

  @Test func `squared error`() {
    let gradient = Matrix<Float>()
    let loss = Loss.squaredError(
      Matrix(rows: 2, columns: 1, [1, 3]), targets: [0, 5], gradient: gradient)
    #expect(loss == LossSum(sum: 5, count: 2))
    #expect(gradient.elements == [1, -2])
  }
}
