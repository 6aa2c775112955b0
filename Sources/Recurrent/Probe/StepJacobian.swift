/// Products with the Jacobian ∂h_T/∂h_k of a sequence, from the activations of its steps.
///
/// The state of an LSTM is (h, c): c is free at both ends, so that what passes through it on the way
/// counts. Legend: H units, G gates.
struct StepJacobian<S: Scalar> {
  private let plan: ModelPlan
  private let units: Int
  /// [G·H, H]
  private let weights: [S]
  /// [3, H], of an LSTM with peepholes.
  private let peephole: [Double]?
  private let gates: [[Double]]
  private let hidden: UnsafePointer<S>
  private let memory: UnsafePointer<S>
  private let squashed: UnsafePointer<S>
  private let kernels = S.kernels

  /// Nil for a normalized layer, whose sums depend on all units at once.
  init?(
    _ layer: RecurrentLayer<S>, _ plan: ModelPlan, _ parameters: UnsafePointer<S>,
    _ gates: [[Double]]
  ) {
    guard plan.normalization == .none else { return nil }
    self.plan = plan
    self.gates = gates
    units = layer.units
    weights = Array(
      UnsafeBufferPointer(
        start: parameters + layer.parameters.recurrentWeight, count: plan.gates * units * units))
    peephole = layer.parameters.peephole.map { offset in
      (0..<3 * layer.units).map { Double(parameters[offset + $0]) }
    }
    hidden = UnsafePointer(layer.hidden.pointer)
    memory = UnsafePointer(layer.memory.pointer)
    squashed = UnsafePointer(layer.kept.pointer)
  }

  /// J · vector: forward through the steps at `rows`, whose former states are at `previous`.
  func multiply(_ vector: [Double], _ rows: [Int], _ previous: [Int]) -> [Double] {
    var h = vector
    var c = [Double](repeating: 0, count: units)
    for (row, before) in zip(rows, previous) { step(&h, &c, row, before) }
    return h
  }

  /// Jᵀ · vector: back through the steps.
  func multiplyTransposed(_ vector: [Double], _ rows: [Int], _ previous: [Int]) -> [Double] {
    var h = vector
    var c = [Double](repeating: 0, count: units)
    for (row, before) in zip(rows, previous).reversed() { stepBack(&h, &c, row, before) }
    return h
  }

  /// U · vector for some gates, and Uᵀ · sums.
  private func product(_ vector: [Double], _ range: Range<Int>) -> [Double] {
    multiply(vector, range, .transposed, columns: range.count * units, inner: units)
  }

  private func transposedProduct(_ sums: [Double], _ range: Range<Int>) -> [Double] {
    multiply(sums, range, .plain, columns: units, inner: range.count * units)
  }

  private func multiply(
    _ left: [Double], _ range: Range<Int>, _ orientation: Orientation, columns: Int, inner: Int
  ) -> [Double] {
    let factor = left.map { S($0) }
    var result = [S](repeating: 0, count: columns)
    weights.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return }
      kernels.multiply(
        factor, .plain, base + range.lowerBound * units * units, orientation, into: &result,
        rows: 1, columns: columns, inner: inner, adding: false)
    }
    return result.map { Double($0) }
  }

  private func step(_ h: inout [Double], _ c: inout [Double], _ row: Int, _ before: Int) {
    let at = row * units
    switch plan.cell {
    case .rnn:
      let sums = product(h, 0..<1)
      for unit in 0..<units { h[unit] = slope(gates[0][at + unit]) * sums[unit] }
    case .lstm:
      let sums = product(h, 0..<4)
      for unit in 0..<units {
        let (i, f, g, o) = lstm(at + unit)
        let s = Double(squashed[at + unit])
        let peep = peephole.map { ($0[unit], $0[units + unit], $0[2 * units + unit]) } ?? (0, 0, 0)
        let di = i * (1 - i) * (sums[unit] + peep.0 * c[unit])
        let df = f * (1 - f) * (sums[units + unit] + peep.1 * c[unit])
        let dg = (1 - g * g) * sums[2 * units + unit]
        let dc = f * c[unit] + Double(memory[before * units + unit]) * df + i * dg + g * di
        let d_o = o * (1 - o) * (sums[3 * units + unit] + peep.2 * dc)
        h[unit] = d_o * s + o * (1 - s * s) * dc
        c[unit] = dc
      }
    case .gru where plan.resetBefore:
      let sums = product(h, 0..<2)
      var reset = h
      for unit in 0..<units {
        let r = gates[1][at + unit]
        reset[unit] =
          r * h[unit] + Double(hidden[before * units + unit]) * r * (1 - r) * sums[unit]
      }
      let last = product(reset, 2..<3)
      for unit in 0..<units {
        let (n, z) = (gates[0][at + unit], gates[2][at + unit])
        let dz = z * (1 - z) * sums[units + unit]
        h[unit] =
          (1 - z) * (1 - n * n) * last[unit]
          + (Double(hidden[before * units + unit]) - n) * dz + z * h[unit]
      }
    case .gru:
      let sums = product(h, 0..<3)
      for unit in 0..<units {
        let (n, r, z) = (gates[0][at + unit], gates[1][at + unit], gates[2][at + unit])
        let dr = r * (1 - r) * sums[unit]
        let dz = z * (1 - z) * sums[units + unit]
        let dn = (1 - n * n) * (r * sums[2 * units + unit] + gates[3][at + unit] * dr)
        h[unit] =
          (1 - z) * dn + (Double(hidden[before * units + unit]) - n) * dz + z * h[unit]
      }
    }
  }

  private func stepBack(_ h: inout [Double], _ c: inout [Double], _ row: Int, _ before: Int) {
    let at = row * units
    switch plan.cell {
    case .rnn:
      h = transposedProduct((0..<units).map { slope(gates[0][at + $0]) * h[$0] }, 0..<1)
    case .lstm:
      var sums = [Double](repeating: 0, count: 4 * units)
      for unit in 0..<units {
        let (i, f, g, o) = lstm(at + unit)
        let s = Double(squashed[at + unit])
        let peep = peephole.map { ($0[unit], $0[units + unit], $0[2 * units + unit]) } ?? (0, 0, 0)
        let d_o = h[unit] * s * o * (1 - o)
        let dc = c[unit] + h[unit] * o * (1 - s * s) + d_o * peep.2
        let di = dc * g * i * (1 - i)
        let df = dc * Double(memory[before * units + unit]) * f * (1 - f)
        sums[unit] = di
        sums[units + unit] = df
        sums[2 * units + unit] = dc * i * (1 - g * g)
        sums[3 * units + unit] = d_o
        c[unit] = dc * f + di * peep.0 + df * peep.1
      }
      h = transposedProduct(sums, 0..<4)
    case .gru where plan.resetBefore:
      var last = [Double](repeating: 0, count: units)
      var sums = [Double](repeating: 0, count: 2 * units)
      var past = h
      for unit in 0..<units {
        let (n, z) = (gates[0][at + unit], gates[2][at + unit])
        last[unit] = h[unit] * (1 - z) * (1 - n * n)
        sums[units + unit] =
          h[unit] * (Double(hidden[before * units + unit]) - n) * z * (1 - z)
        past[unit] = h[unit] * z
      }
      let reset = transposedProduct(last, 2..<3)
      for unit in 0..<units {
        let r = gates[1][at + unit]
        sums[unit] = reset[unit] * Double(hidden[before * units + unit]) * r * (1 - r)
        past[unit] += reset[unit] * r
      }
      h = zip(past, transposedProduct(sums, 0..<2)).map { $0 + $1 }
    case .gru:
      var sums = [Double](repeating: 0, count: 3 * units)
      var past = h
      for unit in 0..<units {
        let (n, r, z) = (gates[0][at + unit], gates[1][at + unit], gates[2][at + unit])
        let dn = h[unit] * (1 - z) * (1 - n * n)
        sums[unit] = dn * gates[3][at + unit] * r * (1 - r)
        sums[units + unit] =
          h[unit] * (Double(hidden[before * units + unit]) - n) * z * (1 - z)
        sums[2 * units + unit] = dn * r
        past[unit] = h[unit] * z
      }
      h = zip(past, transposedProduct(sums, 0..<3)).map { $0 + $1 }
    }
  }

  private func lstm(_ index: Int) -> (i: Double, f: Double, g: Double, o: Double) {
    (gates[0][index], gates[1][index], gates[2][index], gates[3][index])
  }

  /// σ' from the activation.
  private func slope(_ activation: Double) -> Double {
    plan.nonlinearity == .tanh ? 1 - activation * activation : activation > 0 ? 1 : 0
  }
}
