import Search
import Testing

@Suite struct ReplayTests {
  /// Nine trials of nine epochs whose losses fall together; trial 3 is the best one.
  private static let curves = [5.0, 3, 8, 1, 9, 2, 7, 4, 6].map { quality in
    (1...9).map { [quality / 10 + 1 / Double($0)] }
  }

  @Test func `asha would have found the same trial with a fourth of the epochs`() throws {
    let replay = Replay(StopSettings(.asha, epochs: 9, trials: 0), curves: Self.curves)
    // Nine trials to epoch 1, three to epoch 3, one to epoch 9.
    #expect(replay.epochs == 9 + 3 * 2 + 6)
    #expect(replay.storedEpochs == 81)
    #expect(replay.savedEpochs == 60)
    #expect(replay.stopped.map(\.trial) == [0, 1, 2, 4, 5, 6, 7, 8])
    #expect(replay.stopped.map(\.epochs) == [1, 3, 1, 1, 3, 1, 1, 1])
    #expect(replay.found?.trial == 3)
    #expect(replay.lost == [0])
    #expect(
      replay.description()
        == "stop 'asha: {eta: 3}' would have trained 21 of 81 epochs (26 %) and found the best "
        + "trial, 3 with 0.2111")
  }

  @Test func `no rule trains all`() {
    let replay = Replay(StopSettings(.none, epochs: 9, trials: 0), curves: Self.curves)
    #expect(replay.epochs == 81 && replay.savedEpochs == 0)
    #expect(replay.stopped.isEmpty)
    #expect(replay.found == replay.best)
  }

  @Test func `what learns late is lost, and said so in the values of its goal`() {
    var curves = Self.curves.map { $0.map { [$0[0] - 2] } }
    curves[8] = (1...9).map { $0 < 9 ? [1] : [-9.5] }
    let replay = Replay(
      StopSettings(.halving, epochs: 9, trials: 0), curves: curves, workers: 4)
    #expect(replay.best?.trial == 8)
    #expect(replay.found?.trial == 3)
    #expect(
      replay.description(goals: [.maximize])
        == "stop 'halving: {eta: 3}' would have trained 21 of 81 epochs (26 %) and found trial 3 "
        + "with 1.789 instead of trial 8 with 9.5")
  }

  @Test func `curves that end early and trials that failed are taken as they are`() {
    var curves = Self.curves
    curves[3] = Array(curves[3].prefix(2))
    curves[1] = []
    let replay = Replay(StopSettings(.none, epochs: 9, trials: 0), curves: curves)
    #expect(replay.cut == [3])
    #expect(replay.epochs == 7 * 9 + 2)
    #expect(replay.epochs == replay.storedEpochs)
    #expect(replay.found?.trial == 5)
    let nothing = Replay(StopSettings(.none, epochs: 9, trials: 0), curves: [])
    #expect(nothing.found == nil && nothing.epochs == 0)
  }

  @Test func `several objectives are those of one epoch, the best in the first of them`() {
    // The second objective is best in another epoch, and decides where the first is equal.
    let curves = [
      [[0.3, 0.9], [0.1, 0.8], [0.2, 0.1]], [[0.5, 0.4], [0.5, 0.2], [0.5, 0.3]],
    ]
    let second = Replay(StopSettings(.none, epochs: 3, trials: 0), curves: [curves[1]])
    #expect(second.best?.losses == [0.5, 0.2])
    let first = Replay(StopSettings(.none, epochs: 3, trials: 0), curves: [curves[0]])
    #expect(first.best?.losses == [0.1, 0.8])
  }

  @Test func `a rule is told as it is written in a sweep`() {
    var asha = StopSettings(.asha, epochs: 27, trials: 9)
    asha.minimumEpochs = 3
    #expect("\(asha)" == "asha: {eta: 3, min_epochs: 3}")
    var threshold = StopSettings(.threshold, epochs: 27, trials: 9)
    threshold.threshold = [-0.5]
    #expect(threshold.text(goals: [.maximize]) == "threshold: {threshold: 0.5}")
  }

  @Test func `workers that train side by side judge with less`() {
    let settings = StopSettings(.stoppingASHA, epochs: 9, trials: 0)
    let one = Replay(settings, curves: Self.curves)
    let nine = Replay(settings, curves: Self.curves, workers: 9)
    #expect(one.epochs > 0 && nine.epochs > 0)
    #expect(nine.found?.trial == 3)
    #expect(Replay(settings, curves: Self.curves, workers: 9) == nine)
  }

  @Test func `trials are called as who asks calls them`() {
    let replay = Replay(StopSettings(.none, epochs: 9, trials: 0), curves: Self.curves)
    #expect(replay.description { "\($0 + 40)" }.contains("the best trial, 43 with 0.2111"))
  }
}
