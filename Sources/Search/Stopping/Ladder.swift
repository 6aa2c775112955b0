/// The rungs of a rule: epochs at which trials are judged, rising; the last one is the whole training.
struct Ladder: Hashable, Sendable {
  /// The epochs of each rung.
  let epochs: [Int]

  /// Rungs whose epochs grow by a factor: `minimum`, `minimum` · `eta`, … and all epochs.
  ///
  /// There are ⌊log_eta(epochs / minimum)⌋ + 1 of them, as in the papers. The last one stands for the
  /// whole training even if that is more than the next power, rather than to be followed by a short
  /// leg: 100 epochs have rungs at 1, 3, 9, 27 and 100.
  ///
  /// - Precondition: All are positive and `eta` is at least 2.
  init(minimum: Int, eta: Int, epochs: Int) {
    precondition(minimum > 0 && eta > 1 && epochs > 0, "rungs cannot grow")
    var rungs: [Int] = []
    var rung = minimum
    while rung <= epochs / eta {
      rungs.append(rung)
      rung *= eta
    }
    self.epochs = rungs + [epochs]
  }

  /// Rungs at even distances: `warmUp` + `every`, `warmUp` + 2 · `every`, … and all epochs.
  ///
  /// - Precondition: `every` and `epochs` are positive, `warmUp` is not negative.
  init(every: Int, warmUp: Int, epochs: Int) {
    precondition(every > 0 && warmUp >= 0 && epochs > 0, "rungs cannot rise")
    self.epochs = Array(stride(from: warmUp + every, to: epochs, by: every)) + [epochs]
  }

  /// The number of the last rung.
  var last: Int { epochs.count - 1 }

  /// The number of a rung, counted from 0.
  ///
  /// - Precondition: There is a rung at these epochs.
  func rung(at epochs: Int) -> Int {
    var (low, high) = (0, last)
    while low < high {
      let middle = (low + high) / 2
      if self.epochs[middle] < epochs { low = middle + 1 } else { high = middle }
    }
    precondition(self.epochs[low] == epochs, "no rung is at epoch \(epochs)")
    return low
  }
}
