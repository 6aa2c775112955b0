/// Products with the Jacobian ∂h_T/∂h_k of a sequence, from the activations of its steps.
///
/// The state of an LSTM is (h, c): c is free at both ends, so that what passes through it on the way
/// counts. All is in Double, whatever the model computes with: the product of many steps leaves the range
/// of Float long before that of Double. Legend: H units, G gates.
final class StepJacobian {
  private let plan: ModelPlan
  private let units: Int
  private let left: LayerActivations
  /// [G·H, H]
  private let weights: Buffer<Double>
  /// [3, H], of an LSTM with peepholes; zero without.
  private let peephole: Buffer<Double>
  /// [panels, H], of a normalized layer.
  private let normWeight: Buffer<Double>
  /// The panel of each gate of the weights.
  private let panels: [Int]
  /// [H] each, and [G·H].
  private let memory, past: Buffer<Double>
  private let sums: Buffer<Double>
  /// The multiply-adds of all products so far.
  private(set) var work = 0

  init<S: Scalar>(
    _ layer: RecurrentLayer<S>, _ plan: ModelPlan, _ parameters: UnsafePointer<S>,
    _ left: LayerActivations
  ) {
    func copy(_ offset: Int, _ count: Int) -> Buffer<Double> {
      Buffer((0..<count).map { Double(parameters[offset + $0]) })
    }
    let (units, places) = (layer.units, layer.parameters)
    (self.plan, self.units, self.left) = (plan, units, left)
    weights = copy(places.recurrentWeight, plan.gates * units * units)
    peephole = places.peephole.map { copy($0, 3 * units) } ?? Buffer(count: 3 * units)
    normWeight = copy(
      places.normWeight, layer.normalization == nil ? 0 : layer.form.panels * units)
    var panels = [Int](repeating: 0, count: plan.gates)
    for part in layer.cell.recurrentGates {
      for (place, gate) in part.gates.enumerated() { panels[Int(gate)] = part.first + place }
    }
    self.panels = panels
    (memory, past) = (Buffer(count: units), Buffer(count: units))
    sums = Buffer(count: plan.gates * units)
  }

  /// The multiply-adds of a product over so many steps.
  static func work(_ plan: ModelPlan, steps: Int) -> Int {
    steps * plan.gates * plan.hidden * plan.hidden
  }

  /// vector = J · vector: forward through the steps at `rows`, whose former states are at `previous`.
  func multiply(_ vector: UnsafeMutablePointer<Double>, _ rows: [Int], _ previous: [Int]) {
    memory.pointer.zero(count: units)
    for (row, before) in zip(rows, previous) {
      switch plan.cell {
      case .rnn: rnn(vector, row)
      case .lstm: lstm(vector, row, before)
      case .gru:
        if plan.resetBefore { resetGRU(vector, row, before) } else { gru(vector, row, before) }
      }
    }
    work += Self.work(plan, steps: rows.count)
  }

  /// vector = Jᵀ · vector: back through the steps.
  func multiplyTransposed(
    _ vector: UnsafeMutablePointer<Double>, _ rows: [Int], _ previous: [Int]
  ) {
    memory.pointer.zero(count: units)
    for (row, before) in zip(rows, previous).reversed() {
      switch plan.cell {
      case .rnn: rnnBack(vector, row)
      case .lstm: lstmBack(vector, row, before)
      case .gru:
        if plan.resetBefore {
          resetGRUBack(vector, row, before)
        } else {
          gruBack(vector, row, before)
        }
      }
    }
    work += Self.work(plan, steps: rows.count)
  }

  // MARK: Sums

  /// The change of the sums of some gates with that of the state.
  private func product(_ vector: UnsafePointer<Double>, _ gates: Range<Int>, _ row: Int) {
    let target = sums.pointer + gates.lowerBound * units
    multiplyVector(
      weights.pointer + gates.lowerBound * units * units, .plain, rows: gates.count * units,
      columns: units, vector, into: target, adding: false)
    guard plan.normalization == .layer else { return }
    for gate in gates { normalize(gate, row, isBack: false) }
  }

  /// The gradient of the state, given that of the sums of some gates: it is added.
  private func transposedProduct(
    _ gates: Range<Int>, _ row: Int, into vector: UnsafeMutablePointer<Double>
  ) {
    if plan.normalization == .layer { for gate in gates { normalize(gate, row, isBack: true) } }
    multiplyVector(
      weights.pointer + gates.lowerBound * units * units, .transposed, rows: gates.count * units,
      columns: units, sums.pointer + gates.lowerBound * units, into: vector, adding: true)
  }

  /// What layer normalization makes of a change x of the sums of a gate: with n the normalized sums, r the
  /// reciprocal of their deviation and w the weight, w r (x - mean x - n mean(n x)). The matrix between w
  /// and x is symmetric.
  private func normalize(_ gate: Int, _ row: Int, isBack: Bool) {
    let panel = panels[gate]
    let x = sums.pointer + gate * units
    let n = left.normalized[panel].pointer + row * units
    let w = normWeight.pointer + panel * units
    if isBack { for unit in 0..<units { x[unit] *= w[unit] } }
    var (mean, along) = (0.0, 0.0)
    for unit in 0..<units {
      mean += x[unit]
      along += n[unit] * x[unit]
    }
    mean /= Double(units)
    along /= Double(units)
    let r = left.reciprocals[panel].pointer[row]
    for unit in 0..<units { x[unit] = r * (x[unit] - mean - n[unit] * along) }
    if !isBack { for unit in 0..<units { x[unit] *= w[unit] } }
  }

  private func gate(_ panel: Int, _ row: Int) -> UnsafePointer<Double> {
    UnsafePointer(left.gates[panel].pointer + row * units)
  }

  private func state(_ before: Int) -> UnsafePointer<Double> {
    UnsafePointer(left.hidden.pointer + before * units)
  }

  // MARK: Cells

  /// σ' from the activation.
  private func slope(_ activation: Double) -> Double {
    plan.nonlinearity == .tanh ? 1 - activation * activation : activation > 0 ? 1 : 0
  }

  private func rnn(_ h: UnsafeMutablePointer<Double>, _ row: Int) {
    product(h, 0..<1, row)
    let activation = gate(0, row)
    for unit in 0..<units { h[unit] = slope(activation[unit]) * sums.pointer[unit] }
  }

  private func rnnBack(_ h: UnsafeMutablePointer<Double>, _ row: Int) {
    let activation = gate(0, row)
    for unit in 0..<units {
      sums.pointer[unit] = slope(activation[unit]) * h[unit]
      h[unit] = 0
    }
    transposedProduct(0..<1, row, into: h)
  }

  private func lstm(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    product(h, 0..<4, row)
    let (i, f, g, o) = (gate(0, row), gate(1, row), gate(2, row), gate(3, row))
    let s = left.squashed.pointer + row * units
    let former = left.memory.pointer + before * units
    let (c, x, peep) = (memory.pointer, sums.pointer, peephole.pointer)
    for unit in 0..<units {
      let di = i[unit] * (1 - i[unit]) * (x[unit] + peep[unit] * c[unit])
      let df = f[unit] * (1 - f[unit]) * (x[units + unit] + peep[units + unit] * c[unit])
      let dg = (1 - g[unit] * g[unit]) * x[2 * units + unit]
      let dc = f[unit] * c[unit] + former[unit] * df + i[unit] * dg + g[unit] * di
      let output = o[unit] * (1 - o[unit]) * (x[3 * units + unit] + peep[2 * units + unit] * dc)
      h[unit] = output * s[unit] + o[unit] * (1 - s[unit] * s[unit]) * dc
      c[unit] = dc
    }
  }

  private func lstmBack(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    let (i, f, g, o) = (gate(0, row), gate(1, row), gate(2, row), gate(3, row))
    let s = left.squashed.pointer + row * units
    let former = left.memory.pointer + before * units
    let (c, x, peep) = (memory.pointer, sums.pointer, peephole.pointer)
    for unit in 0..<units {
      let output = h[unit] * s[unit] * o[unit] * (1 - o[unit])
      let dc =
        c[unit] + h[unit] * o[unit] * (1 - s[unit] * s[unit]) + output * peep[2 * units + unit]
      let di = dc * g[unit] * i[unit] * (1 - i[unit])
      let df = dc * former[unit] * f[unit] * (1 - f[unit])
      x[unit] = di
      x[units + unit] = df
      x[2 * units + unit] = dc * i[unit] * (1 - g[unit] * g[unit])
      x[3 * units + unit] = output
      c[unit] = dc * f[unit] + di * peep[unit] + df * peep[units + unit]
      h[unit] = 0
    }
    transposedProduct(0..<4, row, into: h)
  }

  private func gru(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    product(h, 0..<3, row)
    let (n, r, z, candidate) = (gate(0, row), gate(1, row), gate(2, row), gate(3, row))
    let (former, x) = (state(before), sums.pointer)
    for unit in 0..<units {
      let dr = r[unit] * (1 - r[unit]) * x[unit]
      let dz = z[unit] * (1 - z[unit]) * x[units + unit]
      let dn =
        (1 - n[unit] * n[unit]) * (r[unit] * x[2 * units + unit] + candidate[unit] * dr)
      h[unit] = (1 - z[unit]) * dn + (former[unit] - n[unit]) * dz + z[unit] * h[unit]
    }
  }

  private func gruBack(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    let (n, r, z, candidate) = (gate(0, row), gate(1, row), gate(2, row), gate(3, row))
    let (former, x) = (state(before), sums.pointer)
    for unit in 0..<units {
      let dn = h[unit] * (1 - z[unit]) * (1 - n[unit] * n[unit])
      x[unit] = dn * candidate[unit] * r[unit] * (1 - r[unit])
      x[units + unit] = h[unit] * (former[unit] - n[unit]) * z[unit] * (1 - z[unit])
      x[2 * units + unit] = dn * r[unit]
      h[unit] *= z[unit]
    }
    transposedProduct(0..<3, row, into: h)
  }

  private func resetGRU(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    product(h, 0..<2, row)
    let (n, r, z) = (gate(0, row), gate(1, row), gate(2, row))
    let (former, x, reset) = (state(before), sums.pointer, past.pointer)
    for unit in 0..<units {
      reset[unit] = r[unit] * (h[unit] + former[unit] * (1 - r[unit]) * x[unit])
    }
    product(reset, 2..<3, row)
    for unit in 0..<units {
      let dz = z[unit] * (1 - z[unit]) * x[units + unit]
      h[unit] =
        (1 - z[unit]) * (1 - n[unit] * n[unit]) * x[2 * units + unit]
        + (former[unit] - n[unit]) * dz + z[unit] * h[unit]
    }
  }

  private func resetGRUBack(_ h: UnsafeMutablePointer<Double>, _ row: Int, _ before: Int) {
    let (n, r, z) = (gate(0, row), gate(1, row), gate(2, row))
    let (former, x, reset) = (state(before), sums.pointer, past.pointer)
    for unit in 0..<units {
      x[2 * units + unit] = h[unit] * (1 - z[unit]) * (1 - n[unit] * n[unit])
      x[units + unit] = h[unit] * (former[unit] - n[unit]) * z[unit] * (1 - z[unit])
      h[unit] *= z[unit]
    }
    reset.zero(count: units)
    transposedProduct(2..<3, row, into: reset)
    for unit in 0..<units {
      x[unit] = reset[unit] * former[unit] * r[unit] * (1 - r[unit])
      h[unit] += reset[unit] * r[unit]
    }
    transposedProduct(0..<2, row, into: h)
  }
}
