import Glibc
import Testing

/// The operators RNN, LSTM and GRU by the equations of the standard: gates iofc and zrh, a sequence at a
/// time.
struct ONNXRecurrence {
  /// [T, D, B, H].
  private(set) var states: ONNXFile.Array

  private let weight, recurrent, bias: ONNXFile.Array
  private let peephole: ONNXFile.Array?
  private let node: ONNXFile.Node
  private let units: Int

  init(_ node: ONNXFile.Node, _ inputs: [ONNXFile.Array?]) throws {
    self.node = node
    units = node.integer("hidden_size", else: 0)
    let steps = try #require(inputs[0])
    weight = try #require(inputs[1])
    recurrent = try #require(inputs[2])
    bias = try #require(inputs[3])
    let lengths = try #require(inputs[4])
    peephole = inputs.count > 7 ? inputs[7] : nil
    let (time, batch, width) = (steps.shape[0], steps.shape[1], steps.shape[2])
    let directions = node.texts["direction"] == ["bidirectional"] ? 2 : 1
    try #require(weight.shape == [directions, weight.shape[1], width])
    try #require(recurrent.shape == [directions, weight.shape[1], units])
    try #require(bias.shape == [directions, 2 * weight.shape[1]])
    // What is no state of a sequence is visible if anybody reads it.
    var result = [Double](repeating: .nan, count: time * directions * batch * units)
    states = ONNXFile.Array(shape: [time, directions, batch, units], elements: [])
    for direction in 0..<directions {
      for sequence in 0..<batch {
        var hidden = [Double](repeating: 0, count: units)
        var memory = hidden
        let length = Int(lengths.elements[sequence])
        for index in 0..<length {
          let step = direction == 0 ? index : length - 1 - index
          let start = (step * batch + sequence) * width
          advance(direction, Array(steps.elements[start..<start + width]), &hidden, &memory)
          let place = ((step * directions + direction) * batch + sequence) * units
          result.replaceSubrange(place..<place + units, with: hidden)
        }
      }
    }
    states.elements = result
  }

  private func advance(
    _ direction: Int, _ input: [Double], _ hidden: inout [Double], _ memory: inout [Double]
  ) {
    let gates = weight.shape[1] / units
    func sum(_ matrix: ONNXFile.Array, _ vector: [Double], _ row: Int) -> Double {
      let start = (direction * gates * units + row) * vector.count
      return vector.indices.reduce(0) { $0 + matrix.elements[start + $1] * vector[$1] }
    }
    func offset(_ gate: Int, _ unit: Int, ofState: Bool) -> Double {
      let row = (ofState ? gates : 0) * units + gate * units + unit
      return bias.elements[direction * 2 * gates * units + row]
    }
    func x(_ gate: Int, _ unit: Int) -> Double {
      sum(weight, input, gate * units + unit) + offset(gate, unit, ofState: false)
    }
    func state(_ gate: Int, _ unit: Int, _ vector: [Double]) -> Double {
      sum(recurrent, vector, gate * units + unit) + offset(gate, unit, ofState: true)
    }
    func peep(_ part: Int, _ unit: Int) -> Double {
      peephole?.elements[(direction * 3 + part) * units + unit] ?? 0
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let (before, stored) = (hidden, memory)
    switch node.operation {
    case "RNN":
      let isRelu = node.texts["activations"]?[direction] == "Relu"
      for unit in 0..<units {
        let sum = x(0, unit) + state(0, unit, before)
        hidden[unit] = isRelu ? max(0, sum) : tanh(sum)
      }
    case "LSTM":
      for unit in 0..<units {
        let sums = (0..<4).map { x($0, unit) + state($0, unit, before) }
        let i = sigmoid(sums[0] + peep(0, unit) * stored[unit])
        let f = sigmoid(sums[2] + peep(2, unit) * stored[unit])
        memory[unit] = f * stored[unit] + i * tanh(sums[3])
        hidden[unit] = sigmoid(sums[1] + peep(1, unit) * memory[unit]) * tanh(memory[unit])
      }
    default:
      let z = (0..<units).map { sigmoid(x(0, $0) + state(0, $0, before)) }
      let r = (0..<units).map { sigmoid(x(1, $0) + state(1, $0, before)) }
      let reset = zip(r, before).map(*)
      let isAfter = node.integer("linear_before_reset", else: 0) == 1
      for unit in 0..<units {
        let recurrent = isAfter ? r[unit] * state(2, unit, before) : state(2, unit, reset)
        let n = tanh(x(2, unit) + recurrent)
        hidden[unit] = (1 - z[unit]) * n + z[unit] * before[unit]
      }
    }
  }
}
