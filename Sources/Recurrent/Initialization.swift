import Glibc
public import Philox

extension Buffer {
  /// Fills a part with uniform numbers from -bound up to, but not including, bound.
  func fillUniform(_ range: Range<Int>, bound: Double, _ random: inout RandomSequence) {
    for index in range { pointer[index] = S((random.uniform() * 2 - 1) * bound) }
  }

  /// Fills a part with numbers of the standard normal distribution (Box and Muller).
  func fillNormal(_ range: Range<Int>, _ random: inout RandomSequence) {
    var index = range.lowerBound
    while index < range.upperBound {
      let radius = (-2 * log(1 - random.uniform())).squareRoot()
      let angle = 2 * .pi * random.uniform()
      pointer[index] = S(radius * cos(angle))
      if index + 1 < range.upperBound { pointer[index + 1] = S(radius * sin(angle)) }
      index += 2
    }
  }
}

extension Model {
  /// Draws the parameters from the distributions that the plan names, always the same for the same
  /// numbers: N(0, 1) for an embedding (divided by √width if it is the head's weight too), PyTorch's
  /// uniform for the head and all else. The forget bias of an LSTM is in `bias_ih`, with a zero in
  /// `bias_hh`, or in the shift of a normalized layer.
  public func initialize(_ philox: Philox) {
    var random = philox.sequence(.initialization)
    let bound = 1 / Double(plan.hidden).squareRoot()
    for entry in layout.entries {
      let name = entry.name
      if name == "embedding.weight" {
        parameters.fillNormal(entry.range, &random)
        if plan.isTied { scale(entry.range, by: 1 / Double(entry.shape[1]).squareRoot()) }
      } else if name.hasPrefix("recurrent.norm_weight") {
        fill(entry.range, 1)
      } else if name.hasPrefix("recurrent.norm_bias") {
        fill(entry.range, 0)
      } else if plan.initializer != .uniform && name.hasPrefix("recurrent.") {
        initialize(entry, &random)
      } else {
        parameters.fillUniform(entry.range, bound: bound, &random)
      }
    }
    initializeGates(&random)
  }

  /// The other initializers, gate by gate.
  private func initialize(_ entry: ParameterLayout.Entry, _ random: inout RandomSequence) {
    guard entry.shape.count == 2, !entry.name.hasPrefix("recurrent.weight_peephole") else {
      fill(entry.range, 0)
      return
    }
    let (units, columns) = (plan.hidden, entry.shape[1])
    let isRecurrent = entry.name.hasPrefix("recurrent.weight_hh")
    for gate in 0..<entry.shape[0] / units {
      let start = entry.offset + gate * units * columns
      let range = start..<start + units * columns
      if isRecurrent && plan.initializer == .identity {
        fill(range, 0)
        for unit in 0..<units { parameters.pointer[start + unit * columns + unit] = 1 }
      } else if isRecurrent && plan.initializer == .orthogonal {
        parameters.fillOrthogonal(start, units, &random)
      } else {
        parameters.fillUniform(
          range, bound: (6 / Double(units + columns)).squareRoot(), &random)
      }
    }
  }

  /// The biases of gates: the forget bias, or chrono initialisation: the bias of a gate that keeps is
  /// log u, u uniform from 1 to T - 1, and that of its counterpart the negative.
  private func initializeGates(_ random: inout RandomSequence) {
    for layer in 0..<plan.layers {
      for direction in Direction.allCases.prefix(plan.directions) {
        initializeGates("l\(layer)\(direction.suffix)", &random)
      }
    }
  }

  private func initializeGates(_ suffix: String, _ random: inout RandomSequence) {
    let units = plan.hidden
    let isNormalized = plan.normalization == .layer
    func start(_ name: String, _ gate: Int) -> Int {
      layout.entry("recurrent.\(name)_\(suffix)").offset + gate * units
    }
    func set(_ gate: Int, panel: Int, _ value: (Int) -> Double) {
      let to = isNormalized ? start("norm_bias", panel) : start("bias_ih", gate)
      for unit in 0..<units { parameters.pointer[to + unit] = S(value(unit)) }
      if !isNormalized { fill(start("bias_hh", gate)..<start("bias_hh", gate) + units, 0) }
    }
    if let steps = plan.chronoSteps, plan.cell != .rnn {
      let keep = (0..<units).map { _ in log(1 + random.uniform() * Double(max(steps - 2, 0))) }
      if plan.cell == .lstm {
        set(1, panel: 1) { keep[$0] }
        set(0, panel: 0) { -keep[$0] }
      } else {
        // The update gate of a GRU keeps where it is open.
        set(1, panel: 2) { keep[$0] }
      }
    } else if plan.cell == .lstm {
      set(1, panel: 1) { _ in plan.forgetBias }
    }
  }

  private func fill(_ range: Range<Int>, _ value: Double) {
    for index in range { parameters.pointer[index] = S(value) }
  }

  private func scale(_ range: Range<Int>, by factor: Double) {
    for index in range { parameters.pointer[index] *= S(factor) }
  }
}

extension Buffer {
  /// Fills a square part with a random orthogonal matrix: normal numbers, made orthonormal row by row.
  fileprivate func fillOrthogonal(_ start: Int, _ size: Int, _ random: inout RandomSequence) {
    fillNormal(start..<start + size * size, &random)
    var rows = (0..<size).map { row in
      (0..<size).map { Double(pointer[start + row * size + $0]) }
    }
    for row in 0..<size {
      // Twice is enough for full precision.
      for _ in 0..<2 {
        for other in 0..<row {
          var product = 0.0
          for index in 0..<size { product += rows[row][index] * rows[other][index] }
          for index in 0..<size { rows[row][index] -= product * rows[other][index] }
        }
      }
      let norm = rows[row].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for index in 0..<size {
        rows[row][index] /= norm
        pointer[start + row * size + index] = S(rows[row][index])
      }
    }
  }
}
