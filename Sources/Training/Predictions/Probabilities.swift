internal import Glibc
internal import Recurrent

/// How probable a model holds classes depends on the loss that it learned by. `cross_entropy` trains the
/// softmax of the logits; `binary` trains a sigmoid for each class, and what is said of classes that exclude
/// each other is the share of each sigmoid in the sum of all. That is the softmax of the sigmoids'
/// logarithms, which stay apart where the sigmoids themselves are too small for a Float.
extension TrainingPlan.LossName {
  /// What the probability of a class is the softmax of, for its logit.
  package func score(_ logit: Double) -> Double {
    // ln σ(x) = min(x, 0) - ln(1 + e^-|x|)
    self == .binary ? min(logit, 0) - log1p(exp(-abs(logit))) : logit
  }

  /// The scores of logits, which are themselves those of any other loss.
  func scores(_ logits: Matrix<Float>) -> Matrix<Float> {
    guard self == .binary else { return logits }
    let scores = Matrix<Float>(rows: logits.rows, columns: logits.columns)
    for index in 0..<logits.count {
      scores.pointer[index] = Float(score(Double(logits.pointer[index])))
    }
    return scores
  }

  /// The probabilities of the classes in each row of logits.
  func probabilities(_ logits: Matrix<Float>, into probabilities: Matrix<Float>) {
    Loss.softmax(scores(logits), into: probabilities)
  }
}
