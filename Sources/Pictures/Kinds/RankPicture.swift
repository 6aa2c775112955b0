/// Pairs of hyperparameters, each trial a dot with the colour of its rank: unlike a scale of the
/// objective, one that is not bent by a few extreme values.
public struct RankPicture: Sendable {
  /// The trials; pairs of the first hyperparameters are drawn.
  public var trials: TrialSet

  /// A picture of trials.
  public init(_ trials: TrialSet) { self.trials = trials }

  static let most = 4

  /// The picture: all pairs of the first four hyperparameters.
  public func picture() -> Picture {
    let count = min(trials.parameters.count, Self.most)
    let pairs = (0..<count).flatMap { first in
      ((first + 1)..<max(count, first + 1)).map { (first, $0) }
    }
    var canvas = Canvas(
      width: pairs.count == 1 ? 820 : 980, title: trials.title, subtitle: trials.subtitle)
    guard count >= 2 else {
      return canvas.empty("Two hyperparameters must vary for this picture.")
    }
    guard let best = trials.best else { return canvas.empty(TrialSet.nothing) }
    let ranked = trials.worstFirst
    let bar = ColourBar(
      title: "rank", best: "best", middle: NumberText.count((ranked.count + 1) / 2),
      worst: NumberText.count(ranked.count))
    let columns = pairs.count == 1 ? 1 : pairs.count == 2 ? 2 : 3
    let rows = (pairs.count + columns - 1) / columns
    let whole = canvas.box(height: 0)
    let right = whole.right - bar.width - 18
    let (width, height) = ((right - whole.left) / Double(columns), pairs.count == 1 ? 440.0 : 290)
    for (index, pair) in pairs.enumerated() {
      let left = whole.left + Double(index % columns) * width
      let top = canvas.top + Double(index / columns) * (height + 12)
      let panel = Panel(
        Box(left: left, top: top, right: left + width - 8, bottom: top + height),
        x: trials.axis(pair.0), y: trials.axis(pair.1))
      panel.draw(&canvas.drawing)
      canvas.drawing.clipped(to: panel.plot) { draw(&$0, ranked, best, pair, panel) }
    }
    bar.draw(&canvas.drawing, left: right + 12, top: canvas.top, height: 180)
    Legend([.init(sample: .ring, text: "best")]).draw(
      &canvas.drawing, left: right, top: canvas.top + 190, width: bar.width + 14, height: 20)
    var notes = ["Ranked by \(trials.objectiveTitle)."]
    notes += trials.noteUnplaced(count) + trials.noteBeside(count)
    return canvas.finish(canvas.top + Double(rows) * (height + 12) - 12, notes: notes)
  }

  private func draw(
    _ drawing: inout Drawing, _ ranked: [TrialSet.Trial], _ best: TrialSet.Trial,
    _ pair: (Int, Int), _ panel: Panel
  ) {
    var dots = Dots(count: ranked.count, classes: Palette.steps)
    var ring: (x: Double, y: Double)?
    for (order, trial) in ranked.enumerated() {
      guard let x = trial.values[pair.0], let y = trial.values[pair.1],
        var place = panel.place(x, y)
      else { continue }
      if trials.parameters[pair.0].isNamed {
        place.x += SlicePicture.spread(order) * panel.x.band * 0.35
      }
      if trials.parameters[pair.1].isNamed {
        place.y += SlicePicture.spread(order * 7 + 3) * panel.y.band * 0.35
      }
      let share = ranked.count > 1 ? Double(order) / Double(ranked.count - 1) : 1
      dots.add(place.x, place.y, Marks.step(share))
      if trial.id == best.id { ring = place }
    }
    dots.draw(&drawing, "w")
    if let ring { drawing.circle(ring.x, ring.y, 6.5, "ring", width: 1.8) }
  }
}
