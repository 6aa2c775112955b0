/// Where a trial stands among those at its rung, in words and numbers.
struct Standing {
  /// The number of the rung on its ladder.
  let rung: Int
  /// The epochs of the rung.
  let epochs: Int
  /// The place of the trial, counted from 1.
  let rank: Int
  /// How many trials stand there.
  let population: Int
  /// How many of them go on.
  let places: Int
  /// The losses of the last one of those; nil if none goes on.
  let cutoff: [Double]?
  /// The losses of the trial.
  let losses: [Double]
  /// The factor between rungs.
  let eta: Int
  /// Its bracket.
  let bracket: Int

  /// Where the trial at a place of a ranking stands.
  init(
    _ ranking: inout Ranking, place: Int, rung: Int, epochs: Int, places: Int, eta: Int,
    bracket: Int
  ) {
    self.rung = rung
    self.epochs = epochs
    self.rank = place + 1
    self.population = ranking.count
    self.places = places
    self.cutoff = places > 0 ? ranking.entry(at: places - 1).losses : nil
    self.losses = ranking.entry(at: place).losses
    self.eta = eta
    self.bracket = bracket
  }

  /// `rank 7 of 9 at epoch 3, of whom the best 3 go on; cutoff loss 0.41`, and the numbers.
  ///
  /// - Parameters:
  ///   - kind: What was done.
  ///   - note: What else there is to say.
  /// - Returns: The reason.
  func explanation(_ kind: String, _ note: String? = nil) -> Explanation {
    var reason = "rank \(rank) of \(population) at epoch \(epochs), "
    switch places {
    case 0: reason += "too few for one to go on"
    case 1: reason += "of whom the best goes on"
    default: reason += "of whom the best \(places) go on"
    }
    if let cutoff { reason += "; cutoff loss \(Self.text(cutoff))" }
    if let note { reason += "; \(note)" }
    var details = details
    details["cutoff"] = cutoff.map(Self.value) ?? .null
    details["places"] = .integer(places)
    return Explanation(kind: kind, reason: reason, details: details)
  }

  /// The numbers, without those of the places.
  var details: [String: Value] {
    [
      "bracket": .integer(bracket), "epochs": .integer(epochs), "eta": .integer(eta),
      "loss": Self.value(losses), "population": .integer(population), "rank": .integer(rank),
      "rung": .integer(rung),
    ]
  }

  /// One loss as a number, several as a list.
  static func value(_ losses: [Double]) -> Value {
    losses.count == 1 ? .number(losses[0]) : .list(losses.map { .number($0) })
  }

  /// Losses with four digits, as people read them.
  static func text(_ losses: [Double]) -> String {
    let texts = losses.map { Value.short(rounded($0)) }
    return texts.count == 1 ? texts[0] : "(" + texts.joined(separator: ", ") + ")"
  }

  private static func rounded(_ number: Double) -> Double {
    guard number.isFinite, number != 0 else { return number }
    var scale = 1.0
    while number.magnitude * scale < 1_000, scale < 1e12 { scale *= 10 }
    return number.magnitude >= 10_000 ? number.rounded() : (number * scale).rounded() / scale
  }
}

extension Explanation {
  /// A trial with a loss that is no number, or without bound: no rule lets it go on.
  static func notFinite(_ losses: [Double], epochs: Int) -> Explanation {
    Explanation(
      kind: "stop", reason: "the loss is \(Standing.text(losses)) at epoch \(epochs)",
      details: ["epochs": .integer(epochs)])
  }
}
