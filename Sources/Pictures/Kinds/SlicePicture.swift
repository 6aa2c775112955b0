/// The objective over each hyperparameter by itself.
public struct SlicePicture: Sendable {
  /// The trials.
  public var trials: TrialSet

  /// A picture of trials.
  public init(_ trials: TrialSet) { self.trials = trials }

  /// The picture: a plot for each of the first nine hyperparameters.
  public func picture() -> Picture {
    let count = min(trials.parameters.count, 9)
    var canvas = Canvas(width: 980, title: trials.title, subtitle: trials.subtitle)
    guard count > 0, let best = trials.best else { return canvas.empty(TrialSet.nothing) }
    let columns = count == 1 ? 1 : count == 2 || count == 4 ? 2 : 3
    let rows = (count + columns - 1) / columns
    let bar = ColourBar(title: "trial", best: "last", worst: "first")
    let whole = canvas.box(height: 0)
    let right = whole.right - bar.width - 18
    let (width, height) = ((right - whole.left) / Double(columns), rows == 1 ? 360.0 : 260)
    let vertical = trials.objectiveAxis
    var notes: [String] = []
    for index in 0..<count {
      let (row, column) = (index / columns, index % columns)
      let left = whole.left + Double(column) * width
      let top = canvas.top + Double(row) * (height + 12)
      let box = Box(left: left, top: top, right: left + width - 8, bottom: top + height)
      var y = vertical
      if column > 0 { y.title = "" }
      let panel = Panel(box, x: trials.axis(index), y: y)
      panel.draw(&canvas.drawing)
      canvas.drawing.clipped(to: panel.plot) { draw(&$0, index, panel, best) }
      if index == 0 { notes = trials.noteBeyond(panel.y) }
      let missing = trials.trials.count { $0.values[index] == nil }
      if missing > 0 {
        notes.append(
          "\(NumberText.count(missing)) \(missing == 1 ? "trial" : "trials") had no "
            + "\(trials.parameters[index].name).")
      }
    }
    notes += trials.noteUnplaced(count) + trials.noteBeside(count)
    bar.draw(&canvas.drawing, left: right + 12, top: canvas.top, height: 180)
    Legend([Legend.Entry(sample: .ring, text: "best")]).draw(
      &canvas.drawing, left: right, top: canvas.top + 190, width: bar.width + 14, height: 20)
    return canvas.finish(canvas.top + Double(rows) * (height + 12) - 12, notes: notes)
  }

  private func draw(
    _ drawing: inout Drawing, _ index: Int, _ panel: Panel, _ best: TrialSet.Trial
  ) {
    var dots = Dots(count: trials.trials.count, classes: Palette.steps)
    let last = Double(max(trials.trials.count - 1, 1))
    let isNamed = trials.parameters[index].isNamed
    for (order, trial) in trials.trials.enumerated() {
      guard let value = trial.values[index], let place = panel.place(value, trial.objective) else {
        continue
      }
      let shift = isNamed ? Self.spread(order) * panel.x.band * 0.3 : 0
      dots.add(place.x + shift, place.y, Marks.step(Double(order) / last))
    }
    dots.draw(&drawing, "w")
    // Where the dots of the best are spread, its own number says where it went.
    if let value = best.values[index], let place = panel.place(value, best.objective) {
      let order = trials.trials.firstIndex { $0.id == best.id } ?? 0
      let shift = isNamed ? Self.spread(order) * panel.x.band * 0.3 : 0
      drawing.circle(place.x + shift, place.y, 6.5, "ring", width: 1.8)
    }
  }

  /// From -1 to 1, the same for the same number, neighbours far apart: dots of one name do not hide
  /// each other.
  static func spread(_ order: Int) -> Double {
    let golden = 0.618_033_988_749_895
    let product = Double(order) * golden
    return 2 * (product - product.rounded(.down)) - 1
  }
}
