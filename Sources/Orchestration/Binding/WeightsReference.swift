import Search
import Store
import Training

/// Weights to begin with as a sweep names them: TRIAL/NAME, an artifact of a trial, or weights/NAME, what
/// was imported.
enum WeightsReference: Hashable, Sendable {
  /// The artifact `name` of a trial.
  case artifact(trial: Int, name: String)
  /// What `unroll weights import` stored under a name.
  case imported(String)

  /// Nil for a text of another form.
  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    if parts[0] == "weights" {
      self = .imported(parts[1])
    } else if let trial = Int(parts[0]), trial > 0 {
      self = .artifact(trial: trial, name: parts[1])
    } else {
      return nil
    }
  }
}

extension Database {
  /// The bytes of weights.
  ///
  /// - Throws: `StoreError` if there are none.
  func content(of reference: WeightsReference) throws -> [UInt8] {
    switch reference {
    case .artifact(let trial, let name): try content(of: artifact(trial: trial, name: name))
    case .imported(let name): try content(of: weights(named: name))
    }
  }

  /// The weights that a sweep begins with; nil if they are drawn.
  ///
  /// - Throws: `SpecError` at their place in the file, or `StoreError` if the database is away.
  func initialWeights(_ spec: SweepSpec) throws -> InitialWeights? {
    guard let text = spec.fixed["model.initial"]?.string,
      let reference = WeightsReference(text)
    else { return nil }
    do {
      return InitialWeights(
        name: text, tensors: try SafeTensors(decoding: try content(of: reference), named: text))
    } catch let error as StoreError where error.code == .notFound || error.code == .corrupt {
      throw spec.error("model.initial", error.message)
    } catch let error as ArtifactError {
      throw spec.error("model.initial", "found \(error.found), allowed: \(error.allowed)")
    }
  }
}

/// Weights that a sweep begins with.
struct InitialWeights: Sendable {
  /// As the sweep names them.
  let name: String
  let tensors: SafeTensors
}

extension InitialWeights {
  /// Refuses a plan whose model has other parameters.
  func check(_ plan: Plan, _ data: PreparedData) throws(PlanError) {
    do {
      try plan.check(initial: tensors, for: data, named: name)
    } catch let error as ArtifactError {
      throw PlanError(
        field: "model.initial", found: "\(name) with \(error.found)", allowed: error.allowed)
    } catch let error as PlanError {
      throw error
    } catch {
      preconditionFailure("an error of another kind: \(error)")
    }
  }
}
