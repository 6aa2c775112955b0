import Glibc

/// The objective over two hyperparameters: a surface smoothed over the trials, and the trials.
public struct ContourPicture: Sendable {
  /// The trials; the first two hyperparameters are drawn.
  public var trials: TrialSet

  /// A picture of trials.
  public init(_ trials: TrialSet) { self.trials = trials }

  private static let bands = 12
  private static let cells = (columns: 56, rows: 40)

  /// A trial within the plot: its place from 0 to 1 in both directions, and how good it was.
  private struct Sample {
    var x, y: Double
    var quality: Double
    var names: (Int?, Int?)
  }

  /// The picture.
  public func picture() -> Picture {
    var canvas = Canvas(width: 820, title: trials.title, subtitle: trials.subtitle)
    guard trials.parameters.count >= 2 else {
      return canvas.empty("Two hyperparameters must vary for this picture.")
    }
    let known = trials.trials.filter { $0.values[0] != nil && $0.values[1] != nil }
    guard !known.isEmpty else { return canvas.empty(TrialSet.nothing) }
    let objective = trials.objectiveAxis
    let scale = Scale(
      objective.kind, objective.extent, from: 0, to: 1, air: 0)
    let (worst, best) = trials.isLessBetter ? (scale.high, scale.low) : (scale.low, scale.high)
    let bar = ColourBar(
      title: trials.objective, best: NumberText.number(best),
      middle: NumberText.number(scale.value(at: 0.5)), worst: NumberText.number(worst))
    var box = canvas.box(height: 500)
    box.right -= bar.width + 20
    let panel = Panel(box, x: trials.axis(0), y: trials.axis(1))
    let samples = known.compactMap { sample($0, panel, scale) }
    canvas.drawing.clipped(to: panel.plot) { drawing in
      for x in segments(0, panel.x) {
        for y in segments(1, panel.y) { surface(samples, x, y, panel, &drawing) }
      }
    }
    panel.draw(&canvas.drawing)
    canvas.drawing.clipped(to: panel.plot) { points(samples, panel, &$0) }
    bar.draw(&canvas.drawing, left: box.right + 16, top: panel.plot.top, height: 220)
    Legend([.init(sample: .ring, text: "best")]).draw(
      &canvas.drawing, left: box.right + 5, top: panel.plot.top + 232, width: 90, height: 20)
    var notes = [
      "Colours: \(trials.objectiveTitle), smoothed over the trials (dots); far from any of them it is a guess."
    ]
    let missing = trials.trials.count - known.count
    if missing > 0 {
      notes.append(
        "\(NumberText.count(missing)) \(missing == 1 ? "trial" : "trials") did not have both "
          + "hyperparameters.")
    }
    return canvas.finish(
      box.bottom, notes: notes + trials.noteUnplaced(2) + trials.noteBeyond(scale))
  }

  /// A part of an axis over which values change evenly: all of a range of numbers, the band of a name.
  private struct Segment {
    var start, end: Double
    var name: Int?
  }

  private func segments(_ parameter: Int, _ scale: Scale) -> [Segment] {
    guard case .names(let names) = trials.parameters[parameter].kind else {
      return [Segment(start: scale.start, end: scale.end, name: nil)]
    }
    return names.indices.map { name in
      let step = (scale.end - scale.start) / Double(names.count)
      return Segment(
        start: scale.start + step * Double(name), end: scale.start + step * Double(name + 1),
        name: name)
    }
  }

  private func sample(_ trial: TrialSet.Trial, _ panel: Panel, _ scale: Scale) -> Sample? {
    guard let x = trial.values[0], let y = trial.values[1], let place = panel.place(x, y) else {
      return nil
    }
    return Sample(
      x: (place.x - panel.plot.left) / panel.plot.width,
      y: (place.y - panel.plot.top) / panel.plot.height,
      quality: trials.quality(trial.objective, scale),
      names: (
        trials.parameters[0].isNamed ? Int(exactly: x) : nil,
        trials.parameters[1].isNamed ? Int(exactly: y) : nil
      ))
  }

  /// Fills a part of the plot with the colours of the surface there.
  private func surface(
    _ samples: [Sample], _ x: Segment, _ y: Segment, _ panel: Panel, _ drawing: inout Drawing
  ) {
    let own = samples.filter {
      (x.name == nil || $0.names.0 == x.name) && (y.name == nil || $0.names.1 == y.name)
    }
    guard !own.isEmpty else { return }
    // The bands of names overlap by a hair, or the ground would shine through between them.
    let seam = (x: x.name == nil ? 0 : 0.4, y: y.name == nil ? 0 : 0.4)
    let columns = x.name == nil ? Self.cells.columns : 1
    let rows = y.name == nil ? Self.cells.rows : 1
    let box = Box(
      left: min(x.start, x.end), top: min(y.start, y.end), right: max(x.start, x.end) + seam.x,
      bottom: max(y.start, y.end) + seam.y)
    let smooth = Smoothing(
      own.map { (x.name == nil ? $0.x : 0, y.name == nil ? $0.y : 0, $0.quality) })
    var values: [Double] = []
    for row in 0...rows {
      for column in 0...columns {
        values.append(
          smooth.value(
            x.name == nil ? Double(column) / Double(columns) : 0,
            y.name == nil ? Double(row) / Double(rows) : 0))
      }
    }
    let contour = FilledContour(values: values, columns: columns, rows: rows, box: box)
    let lowest = values.min() ?? 0
    for band in 0..<Self.bands {
      let level = Double(band) / Double(Self.bands)
      let next = Double(band + 1) / Double(Self.bands)
      guard next > lowest || band == Self.bands - 1 else { continue }
      drawing.path(
        contour.path(above: band == 0 || level <= lowest ? -1 : level),
        "v\(Marks.step((Double(band) + 0.5) / Double(Self.bands)))")
    }
  }

  private func points(_ samples: [Sample], _ panel: Panel, _ drawing: inout Drawing) {
    var data = ""
    var seen: Set<String> = []
    func place(_ sample: Sample, _ order: Int) -> (x: Double, y: Double) {
      let dx = sample.names.0 == nil ? 0 : SlicePicture.spread(order) * panel.x.band * 0.35
      let dy = sample.names.1 == nil ? 0 : SlicePicture.spread(order * 7 + 3) * panel.y.band * 0.35
      return (
        panel.plot.left + sample.x * panel.plot.width + dx,
        panel.plot.top + sample.y * panel.plot.height + dy
      )
    }
    for (order, sample) in samples.enumerated() {
      let (x, y) = place(sample, order)
      let dot = "M\(Drawing.point(x.rounded(), y.rounded()))h0"
      if seen.insert(dot).inserted { data += dot }
    }
    if samples.count > 3000 {
      drawing.path(data, "outline", width: 2, opacity: 0.4, isRound: true)
    } else {
      let size = samples.count > 400 ? 2.6 : 4.0
      // Light within dark: seen on every colour of the surface.
      drawing.path(data, "outline", width: size + 2.4, isRound: true)
      drawing.path(data, "inside", width: size, isRound: true)
    }
    guard let (order, best) = samples.enumerated().max(by: { $0.1.quality < $1.1.quality }) else {
      return
    }
    let (x, y) = place(best, order)
    drawing.circle(x, y, 8, "outline", width: 3.6)
    drawing.circle(x, y, 8, "inside", width: 1.6)
  }
}

/// A mean of values over the plane, each place weighing its neighbours by a normal distribution of
/// their distance (Nadaraya and Watson 1964), narrower where there are more of them.
struct Smoothing {
  private let samples: [(x: Double, y: Double, value: Double)]
  private let factor: Double

  /// - Parameter samples: Places from 0 to 1 in both directions; many are joined to means on a fine grid.
  init(_ samples: [(x: Double, y: Double, value: Double)]) {
    let bandwidth = min(max(0.3 * pow(Double(max(samples.count, 1)), -0.25), 0.045), 0.2)
    factor = -0.5 / (bandwidth * bandwidth)
    guard samples.count > 1500 else {
      self.samples = samples
      return
    }
    var cells: [Int: (x: Double, y: Double, value: Double, count: Double)] = [:]
    for sample in samples {
      let key = Int(min(max(sample.x, 0), 1) * 60) * 100 + Int(min(max(sample.y, 0), 1) * 60)
      let old = cells[key] ?? (0, 0, 0, 0)
      cells[key] = (
        old.x + sample.x, old.y + sample.y, old.value + sample.value, old.count + 1
      )
    }
    // In the order of their cells, so that sums come out the same each time.
    self.samples = cells.sorted { $0.key < $1.key }.map { _, cell in
      (cell.x / cell.count, cell.y / cell.count, cell.value / cell.count)
    }
  }

  /// The mean at a place.
  func value(_ x: Double, _ y: Double) -> Double {
    var nearest = Double.infinity
    for sample in samples {
      nearest = min(nearest, (sample.x - x) * (sample.x - x) + (sample.y - y) * (sample.y - y))
    }
    var (sum, weights) = (0.0, 0.0)
    for sample in samples {
      let distance = (sample.x - x) * (sample.x - x) + (sample.y - y) * (sample.y - y)
      // Relative to the nearest: far from all of them, weights must not all be 0.
      let weight = exp(factor * (distance - nearest))
      sum += weight * sample.value
      weights += weight
    }
    return weights > 0 ? sum / weights : 0
  }
}
