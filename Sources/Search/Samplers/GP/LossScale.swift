/// Turns losses into targets with a mean of zero and a deviation of one, and back.
///
/// Losses above the median are drawn together first: how bad a bad point is says little of where the
/// good ones are, and one loss of 1e6 would make all others alike.
struct LossScale: Sendable {
  private let median: Double
  private let width: Double
  private var mean = 0.0
  private var deviation = 1.0

  /// The scale of some losses, of which there is one at least.
  init(_ losses: [Double]) {
    let sorted = losses.sorted()
    median = sorted[(sorted.count - 1) / 2]
    let range = (sorted.last ?? median) - median
    width = range > 0 ? max(median - sorted[0], range / 1000) : 0
    let warped = losses.map(self.warped)
    mean = warped.reduce(0, +) / Double(losses.count)
    let center = mean
    let variance = warped.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(losses.count)
    deviation = variance > 0 && variance.isFinite ? variance.squareRoot() : 1
  }

  private func warped(_ loss: Double) -> Double {
    guard width > 0, loss > median else { return loss }
    return median + width * Exponential.log(1 + (loss - median) / width)
  }

  /// The target of a loss.
  func target(_ loss: Double) -> Double {
    (warped(loss) - mean) / deviation
  }

  /// The loss of a target.
  func loss(_ target: Double) -> Double {
    let warped = mean + deviation * target
    guard width > 0, warped > median else { return warped }
    return median + width * (Exponential.exp(min((warped - median) / width, 700)) - 1)
  }
}
