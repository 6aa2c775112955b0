import Foundation
import Philox
import TestSupport
import Testing

@testable import Search

/// The parts of a Gaussian process against numpy and mpmath: Fixtures/gp.json, made by Fixtures/gp.py.
@Suite struct GaussianProcessTests {
  private struct Fixture: Decodable {
    let points: [[Double]]
    let targets: [Double]
    let others: [[Double]]
    let inverseSquares: [Double]
    let scale: Double
    let noise: Double
    let covariance: [[Double]]
    let lower: [[Double]]
    let means: [Double]
    let variances: [Double]
    let negativeLogDensity: Double
    let improvements: [[Double]]

    var kernel: MaternKernel {
      MaternKernel(inverseSquares: inverseSquares, scale: scale, noise: noise)
    }
  }

  private static let isCategory = [false, false, true]

  private func fixture() throws -> Fixture {
    let url = try #require(
      Bundle.module.url(forResource: "gp", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  private func factor(_ kernel: MaternKernel, _ points: [[Double]]) throws -> Cholesky {
    var factor = Cholesky()
    for (row, point) in points.enumerated() {
      var numbers = points[...row].map { kernel(point, $0, isCategory: Self.isCategory) }
      numbers[row] += kernel.noise
      let isDefinite = factor.append(numbers)
      try #require(isDefinite)
    }
    return factor
  }

  private func process(_ fixture: Fixture, _ kernel: MaternKernel) throws -> GaussianProcess {
    GaussianProcess(
      kernel: kernel, inputs: KernelInputs(fixture.points, isCategory: Self.isCategory),
      factor: try factor(kernel, fixture.points), targets: fixture.targets)
  }

  @Test func `the kernel is Matérn's, with categories compared for being equal`() throws {
    let fixture = try fixture()
    let inputs = KernelInputs(fixture.points, isCategory: Self.isCategory)
    for (row, point) in fixture.points.enumerated() {
      for (column, other) in fixture.points.enumerated() {
        let value = fixture.kernel(point, other, isCategory: Self.isCategory)
        #expect(abs(value - fixture.covariance[row][column]) < 1e-14)
      }
      var values = Array(repeating: 0.0, count: inputs.stride)
      var descents = values
      values.withUnsafeMutableBufferPointer { values in
        descents.withUnsafeMutableBufferPointer { descents in
          point.withUnsafeBufferPointer { point in
            if let point = point.baseAddress, let values = values.baseAddress,
              let descents = descents.baseAddress
            {
              fixture.kernel.row(
                point, inputs, values: values, descents: descents, count: inputs.count)
            }
          }
        }
      }
      #expect(
        Array(values.prefix(13))
          == fixture.points.map { fixture.kernel(point, $0, isCategory: Self.isCategory) })
    }
  }

  @Test func `the exponential is exact to the last places`() {
    for step in 0...3000 {
      let x = Double(step) * 0.2437
      let lanes = Lanes.exponentialOfNegative(Lanes(repeating: x))
      let expected = exp(-x)
      #expect(abs(lanes[step % 8] - expected) <= (x > 700 ? 1e-300 : 4e-16 * expected))
    }
  }

  @Test func `the factor is numpy's, and solves`() throws {
    let fixture = try fixture()
    let factor = try factor(fixture.kernel, fixture.points)
    for row in 0..<13 {
      for column in 0...row {
        let element = factor.elements[Cholesky.start(row) + column]
        #expect(abs(element - fixture.lower[row][column]) < 1e-12)
      }
    }
    var solved = fixture.targets
    factor.solveForward(&solved)
    factor.solveBackward(&solved)
    for (row, target) in fixture.targets.enumerated() {
      let product = zip(fixture.covariance[row], solved).reduce(fixture.noise * solved[row]) {
        $0 + $1.0 * $1.1
      }
      #expect(abs(product - target) < 1e-11)
    }
  }

  @Test func `a factor that grew is bit for bit the one made at once`() throws {
    let fixture = try fixture()
    var grown = try factor(fixture.kernel, fixture.points)
    let whole = grown
    grown.truncate(to: 4)
    #expect(grown.elements == Array(whole.elements.prefix(10)))
    for row in 4..<13 {
      var numbers = Array(fixture.covariance[row][...row])
      numbers[row] += fixture.noise
      for column in 0...row {
        numbers[column] = fixture.kernel(
          fixture.points[row], fixture.points[column], isCategory: Self.isCategory)
      }
      numbers[row] += fixture.kernel.noise
      let isDefinite = grown.append(numbers)
      #expect(isDefinite)
    }
    #expect(grown.elements == whole.elements)
  }

  @Test func `a matrix that is not positive definite is refused`() {
    var factor = Cholesky()
    let isFirst = factor.append([4])
    let isSecond = factor.append([2, 1])
    let isThird = factor.append([2, 1.25])
    #expect(isFirst && !isSecond && isThird)
    #expect(factor.elements == [2, 1, 0.5])
  }

  @Test func `mean and deviation are numpy's, one by one and eight at a time`() throws {
    let fixture = try fixture()
    let process = try process(fixture, fixture.kernel)
    let lanes = (0..<3).map { dimension in
      var lanes = Lanes()
      for (lane, point) in fixture.others.enumerated() { lanes[lane] = point[dimension] }
      return lanes
    }
    let (means, deviation) = process.posterior(lanes)
    for (index, point) in fixture.others.enumerated() {
      let local = process.local(point)
      #expect(abs(local.means[0] - fixture.means[index]) < 1e-10)
      #expect(abs(local.deviation * local.deviation - fixture.variances[index]) < 1e-10)
      #expect(abs(means[0][index] - fixture.means[index]) < 1e-10)
      #expect(abs(deviation[index] - local.deviation) < 1e-10)
    }
  }

  @Test func `data without noise is interpolated`() throws {
    let fixture = try fixture()
    var kernel = fixture.kernel
    kernel.noise = 1e-9
    let process = try process(fixture, kernel)
    for (point, target) in zip(fixture.points, fixture.targets) {
      let local = process.local(point)
      #expect(abs(local.means[0] - target) < 1e-5)
      #expect(local.deviation < 1e-4)
    }
    let far = process.local([40, 40, 7])
    #expect(abs(far.means[0]) < 1e-9)
    #expect(abs(far.deviation - kernel.scale.squareRoot()) < 1e-9)
  }

  @Test func `a fantasy is an observation whose value is drawn`() throws {
    let fixture = try fixture()
    let kernel = fixture.kernel
    let all = try factor(kernel, fixture.points)
    let inputs = KernelInputs(fixture.points, isCategory: Self.isCategory)
    let drawn = GaussianProcess(
      kernel: kernel, inputs: inputs, factor: all, targets: Array(fixture.targets.prefix(10)),
      fantasies: [[0.3, -1, 0.7], [0, 0, 0]])
    #expect(drawn.values.allSatisfy { Array($0.prefix(10)) == Array(fixture.targets.prefix(10)) })
    for (index, values) in drawn.values.enumerated() {
      let told = GaussianProcess(kernel: kernel, inputs: inputs, factor: all, targets: values)
      for point in fixture.others {
        #expect(abs(drawn.local(point).means[index] - told.local(point).means[0]) < 1e-9)
      }
    }
    // Without noise in the draws, what is drawn is what is expected.
    let first = GaussianProcess(
      kernel: kernel,
      inputs: KernelInputs(Array(fixture.points.prefix(10)), isCategory: Self.isCategory),
      factor: try factor(kernel, Array(fixture.points.prefix(10))),
      targets: Array(fixture.targets.prefix(10)))
    #expect(abs(drawn.values[1][10] - first.local(fixture.points[10]).means[0]) < 1e-10)
  }

  @Test func `log expected improvement is exact from hopeless to certain`() throws {
    for row in try fixture().improvements {
      let logarithm = ExpectedImprovement.logarithm(row[0])
      #expect(abs(logarithm.value - row[1]) < 1e-9, "z = \(row[0])")
      #expect(abs(logarithm.cumulativeRatio / row[2] - 1) < 1e-9, "z = \(row[0])")
    }
    #expect(ExpectedImprovement.logarithm(-1e6).value < -4e11)
    #expect(ExpectedImprovement.logarithm(1e6).value == Exponential.log(1e6))
  }

  @Test func `the density of a kernel is numpy's, and its derivatives central differences`() throws
  {
    let fixture = try fixture()
    var likelihood = MarginalLikelihood(
      fixture.points, targets: fixture.targets, isCategory: Self.isCategory)
    var parameters = MarginalLikelihood.logarithms(of: fixture.kernel)
    let (value, gradient) = likelihood(parameters)
    #expect(abs(value - fixture.negativeLogDensity) < 1e-9)
    let differences = parameters.withUnsafeMutableBufferPointer { buffer in
      centralDifferences(at: buffer) { likelihood(Array(buffer)).value }
    }
    #expect(relativeDifference(gradient, differences) < 1e-7)
  }

  @Test(arguments: [1, 4]) func `derivatives of log expected improvement are central differences`(
    fantasies: Int
  ) throws {
    let fixture = try fixture()
    var random = Philox(seed: 3).sequence(.search)
    let pending = fantasies > 1 ? 2 : 0
    let targets = Array(fixture.targets.dropLast(pending))
    let process = GaussianProcess(
      kernel: fixture.kernel, inputs: KernelInputs(fixture.points, isCategory: Self.isCategory),
      factor: try factor(fixture.kernel, fixture.points), targets: targets,
      fantasies: (0..<fantasies).map { _ in (0..<pending).map { _ in random.normal() } })
    let acquisition = Acquisition(
      process, best: targets.min() ?? 0, observed: targets.count)
    for point in fixture.others {
      let (value, gradient) = acquisition.gradient(point)
      #expect(abs(acquisition([point])[0] - value) < 1e-9 * max(1, abs(value)))
      var moved = Array(point.prefix(2))
      let differences = moved.withUnsafeMutableBufferPointer { buffer in
        centralDifferences(at: buffer, distance: 1e-6) {
          acquisition.gradient(Array(buffer) + [point[2]]).value
        }
      }
      #expect(gradient[2] == 0)
      #expect(relativeDifference(Array(gradient.prefix(2)), differences) < 1e-5)
    }
  }

  @Test func `the minimizer finds the corner and the valley`() {
    let box = BoxMinimizer(bounds: [-1...1, -1...4], steps: 200, tolerance: 1e-8)
    let corner = box.minimum(from: [0.5, 0.5]) { x in
      ((x[0] - 3) * (x[0] - 3) + x[1] * x[1], [2 * (x[0] - 3), 2 * x[1]])
    }
    #expect(corner.parameters[0] == 1 && abs(corner.parameters[1]) < 1e-7)
    let valley = BoxMinimizer(bounds: [-2...2, -2...2], steps: 200, tolerance: 1e-8)
      .minimum(from: [-1.2, 1]) { x in
        let (a, b) = (x[1] - x[0] * x[0], 1 - x[0])
        return (100 * a * a + b * b, [-400 * a * x[0] - 2 * b, 200 * a])
      }
    #expect(abs(valley.parameters[0] - 1) < 1e-4 && abs(valley.parameters[1] - 1) < 1e-4)
  }
}
