import Glibc
import Recurrent
import TestSupport
import Testing

@Suite struct KernelTests {
  private func onEveryPath(_ body: (String) throws -> Void) rethrows {
    for path in KernelPath.available {
      try KernelPath.using(path) {
        #expect(KernelPath.current == path)
        try body(path)
      }
    }
  }

  @Test func `the widest path is used and comes back`() {
    #expect(KernelPath.available.first == "plain")
    #expect(KernelPath.current == KernelPath.available.last)
    KernelPath.using("plain") { #expect(KernelPath.current == "plain") }
    #expect(!KernelPath.available.contains(KernelPath.emulated))
    #expect(!KernelPath.force(KernelPath.emulated), "it is for tests")
    KernelPath.using(KernelPath.emulated) { #expect(KernelPath.current == "amx-emulated") }
    #expect(KernelPath.current == KernelPath.available.last)
  }

  @Test func `activations keep their stated errors`() {
    let points = stride(from: Float(-20), through: 20, by: 1.0 / 4096).map { $0 }
    let edges: [Float] = [-.infinity, -1e30, -0.0, 0, 1e-30, 1e-6, 1e30, .infinity]
    onEveryPath { path in
      let tanhs = apply(Float.kernels.vectorTanh, points + edges)
      let sigmoids = apply(Float.kernels.vectorSigmoid, points + edges)
      let exponentials = apply(Float.kernels.vectorExp, points)
      // One comparison a function: a million of them would take half a minute in a debug build.
      let tanhError = zip(points + edges, tanhs).map { x, y in abs(Double(y) - tanh(Double(x))) }
      #expect((tanhError.max() ?? 1) <= 4e-7 && tanhs.allSatisfy { abs($0) <= 1 }, "\(path)")
      let sigmoidError = zip(points + edges, sigmoids).map { x, y in
        abs(Double(y) - 1 / (1 + exp(-Double(x))))
      }
      #expect((sigmoidError.max() ?? 1) <= 4e-7, "\(path)")
      #expect(sigmoids.allSatisfy { 0 <= $0 && $0 <= 1 }, "\(path)")
      let expError = zip(points, exponentials).map { x, y in abs(Double(y) / exp(Double(x)) - 1) }
      #expect((expError.max() ?? 1) <= 4e-7, "\(path)")
    }
  }

  @Test func `numbers that are none stay so`() {
    onEveryPath { path in
      #expect(apply(Float.kernels.vectorTanh, [.nan])[0].isNaN, "\(path)")
      #expect(apply(Float.kernels.vectorSigmoid, [.nan])[0].isNaN, "\(path)")
      #expect(apply(Float.kernels.vectorExp, [.nan])[0].isNaN, "\(path)")
    }
  }

  /// Sizes on both sides of the widths of vectors and tiles.
  @Test(arguments: CellKind.allCases, [1, 7, 9, 33, 64])
  func `float agrees with double for odd sizes`(kind: CellKind, hidden: Int) {
    for (channels, count) in [(1, 1), (5, 3), (17, 13)] {
      let plan = ModelPlan(
        input: .values(channels: channels), cell: kind.cell, nonlinearity: kind.nonlinearity,
        hidden: hidden, layers: 2, readout: .mean, outputs: 3)
      let lengths = (0..<count).map { 1 + $0 * 5 % 7 }
      let exact = pass(Double.self, plan, lengths, channels)
      onEveryPath { path in
        let rough = pass(Float.self, plan, lengths, channels)
        #expect(relativeDifference(rough.logits, exact.logits.map { Float($0) }) < 1e-5, "\(path)")
        #expect(
          relativeDifference(rough.gradient, exact.gradient.map { Float($0) }) < 1e-5, "\(path)")
      }
    }
  }

  @Test func `the norm of many numbers is exact enough`() {
    onEveryPath { path in
      for count in [0, 1, 31, 32, 33, 2047, 2048, 2081, 100_003] {
        let numbers = (0..<count).map { Float($0 % 101) / 101 - 0.3 }
        let exact = numbers.reduce(0) { $0 + Double($1) * Double($1) }
        let sum = Float.kernels.vectorSquareSum(count, numbers)
        #expect(abs(sum - exact) <= 1e-6 * exact, "\(count) numbers, \(path)")
      }
    }
  }

  @Test(arguments: CellKind.allCases)
  func `the same inputs give the same bits`(kind: CellKind) {
    let plan = ModelPlan(
      input: .values(channels: 6), cell: kind.cell, nonlinearity: kind.nonlinearity, hidden: 35,
      layers: 2, readout: .last, outputs: 3)
    let first = pass(Float.self, plan, sampleLengths, 6)
    let second = pass(Float.self, plan, sampleLengths, 6)
    #expect(first.logits == second.logits)
    #expect(first.gradient == second.gradient)
  }

  @Test func `denormals are flushed inside and kept outside`() {
    // Read at run time, so that the compiler cannot compute the product.
    let tiny = [Float.leastNormalMagnitude, 0.5].shuffled()
    let inside = withDenormalsFlushed { tiny[0] * tiny[1] }
    let outside = tiny[0] * tiny[1]
    #expect(outside > 0)
    #if arch(x86_64)
      #expect(inside == 0)
    #else
      #expect(inside == outside)
    #endif
  }

  private func apply(
    _ function: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void, _ points: [Float]
  ) -> [Float] {
    let result = Buffer<Float>(count: points.count)
    function(points.count, points, result.pointer)
    return result.elements
  }

  private func pass<S: Scalar>(
    _ type: S.Type, _ plan: ModelPlan, _ lengths: [Int], _ channels: Int
  ) -> (logits: [S], gradient: [S]) {
    let model = sampleModel(S.self, plan)
    let batch = PackedBatch(
      values: sampleValues(S.self, lengths: lengths, channels: channels), channels: channels)
    let upstream = Matrix<S>()
    let logits = model.forward(batch)
    let targets = lengths.indices.map { Int32($0 % plan.outputs) }
    _ = Loss.crossEntropy(logits, targets: targets, gradient: upstream)
    model.backward(upstream)
    return (logits.elements, model.gradient.buffer.elements)
  }
}
