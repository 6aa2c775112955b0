public import Recurrent

/// What a session is to do next; asked before each batch and after each epoch.
public enum Command: Hashable, Sendable {
  /// Go on.
  case proceed
  /// Hand over a checkpoint and go on.
  case checkpoint
  /// End here with a checkpoint.
  case stop
}

/// Where a session is.
public struct Progress: Hashable, Sendable {
  /// The epoch under way, from 1.
  public let epoch: Int
  /// The batches of the epoch that are done.
  public let batch: Int
  /// The batches of an epoch.
  public let batches: Int
  /// The steps that the optimizer has taken.
  public let step: Int
}

/// What an epoch brought.
public struct EpochReport: Hashable, Sendable {
  /// The epoch, from 1.
  public let epoch: Int
  /// The steps that the optimizer has taken.
  public let step: Int
  /// Of `train` the means over the epoch, with dropout; of `validation` those after it.
  public let metrics: [Metric]
  /// The value of the objective.
  public let objective: Double
  /// Whether the objective was never better.
  public let isBest: Bool
  /// The best epoch so far.
  public let bestEpoch: Int
  /// How gradients flow back in each layer, if the plan has a probe.
  public let flow: [GradientFlow]
}

/// What a trial comes to.
public struct Outcome: Hashable, Sendable {
  /// The best value of the objective.
  public let objective: Double
  /// The epoch whose weights the model has, from 1.
  public let bestEpoch: Int
  /// The metrics of `validation` and `test` with these weights.
  public let metrics: [Metric]
  /// The confusion matrices of `validation` and `test`, for classes.
  public let confusion: [Split: ConfusionMatrix]
  /// The model and what is needed to use it.
  public let artifacts: [Artifact]
  /// The probability from which on the positive label is meant, if the plan asks for one: metrics of
  /// answers and the confusion matrices are those with it.
  public let threshold: Double?
  /// The labels by index, if the answers are labels.
  public let labels: [String]?
}

/// How a session ended.
public enum Ending: Hashable, Sendable {
  /// All epochs are done.
  case finished(Outcome)
  /// It was told to stop, and can go on from here.
  case stopped(Checkpoint)
}

/// The loss is no number any more, or infinite: there is nothing to learn from it.
public struct DivergedError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The epoch, from 1.
  public let epoch: Int
  /// The step of the optimizer, from 1.
  public let step: Int
  /// Where the loss was measured.
  public let split: Split
  /// The norm of the last gradient that was finite, before clipping.
  public let lastNorm: Double?
  /// Whether the norm was limited.
  public let isClipped: Bool
  /// The learning rate that was asked for.
  public let rate: Double

  /// One line: what happened, the last good norm, and advice.
  public var description: String {
    var text =
      "diverged: the \(split.rawValue) loss or its gradient was not finite in epoch \(epoch) "
      + "at step \(step)"
    if let lastNorm { text += "; the last gradient before it had the norm \(lastNorm.short)" }
    let smaller = "a smaller training.rate than \(rate.short)"
    let advice =
      isClipped
      ? smaller + ", or fewer steps back (training.truncate, dataset.max_length), may help"
      : "training.clip_norm: 1 or \(smaller) may help"
    return "\(text); \(advice)"
  }
}
