import Store
import Training

extension TrialPredictions {
  /// What a model said, as the database keeps it.
  init(_ predictions: [ExamplePredictions], labels: [String]?) {
    self.init(
      labels: labels,
      splits: predictions.map { prediction in
        var answers = SplitAnswers(
          split: prediction.split.rawValue, examples: prediction.examples)
        answers.positions = prediction.positions
        answers.steps = prediction.steps
        answers.times = prediction.times
        answers.truths = prediction.truths
        answers.predictions = prediction.predictions
        answers.probabilities = prediction.probabilities
        answers.lowers = prediction.lowers
        answers.uppers = prediction.uppers
        answers.losses = prediction.losses
        return answers
      })
  }
}
