internal import Recurrent

/// Predicts one step after the other: each answer becomes the target's value of the next step that the
/// model sees. What is not known of that step (the other channels) is as it was last.
struct RecursiveForecast {
  private let encoding: Encoding
  private let steps: Int

  /// Forecasts of a number of steps.
  init(_ encoding: Encoding, steps: Int) {
    self.encoding = encoding
    self.steps = steps
  }

  /// Forecasts.
  ///
  /// - Parameters:
  ///   - model: A model with one answer.
  ///   - windows: Equally many steps each, as the model sees them.
  ///   - calendar: The channels of the calendar at a step, from 0, after a window.
  /// - Returns: The answers, scaled as the model gives them: [window, step].
  func run(
    _ model: Model<Float>, windows: [[Float]], following calendar: (Int, Int) -> [Float]
  ) -> Matrix<Float> {
    let width = encoding.inputWidth
    let target = encoding.targetChannel ?? 0
    let channels = encoding.channels?.count ?? 1
    let masked = encoding.features?.masked ?? []
    var windows = windows
    let answers = Matrix<Float>()
    answers.reshape(rows: windows.count, columns: steps)
    for step in 0..<steps {
      let packed = PackedBatch(values: windows, channels: width)
      let result = model.forward(packed)
      for (place, window) in packed.order.enumerated() {
        let answer = result.pointer[place * result.columns]
        answers.pointer[window * steps + step] = answer
        var next = Array(windows[window].suffix(width))
        next[target] = answer
        for (offset, channel) in masked.enumerated() {
          next[channels + offset] = channel == target ? 0 : 1
        }
        next.replaceSubrange((channels + masked.count)..., with: calendar(window, step))
        windows[window] = windows[window].dropFirst(width) + next
      }
    }
    return answers
  }
}

extension Sequences {
  /// The channels of the calendar at a step, from 0, after a sequence.
  func calendar(_ sequence: Int, _ step: Int, _ encoding: Encoding) -> [Float] {
    guard case .values(let values, let width) = elements, let features = encoding.features else {
      return []
    }
    let end = (origin(sequence) + step + 1) * width
    return values[values: end - 2 * features.calendar.count..<end]
  }
}
