/// Each trial as a line through its values, one axis for each hyperparameter and one for the
/// objective.
public struct ParallelCoordinates: Sendable {
  /// The trials.
  public var trials: TrialSet

  /// A picture of trials.
  public init(_ trials: TrialSet) { self.trials = trials }

  /// As many lines as a picture can hold.
  static let most = 1500
  static let mostAxes = 12

  /// The picture.
  public func picture() -> Picture {
    let count = min(trials.parameters.count, Self.mostAxes)
    let width = max(820, Double(count + 1) * 128 + 60)
    var canvas = Canvas(width: width, title: trials.title, subtitle: trials.subtitle)
    guard count > 0, trials.best != nil else { return canvas.empty(TrialSet.nothing) }
    let whole = canvas.box(height: 430)
    let (top, bottom) = (whole.top + 34, whole.bottom - 26)
    let objective = trials.objectiveAxis
    let axes = (0..<count).map { trials.axis($0) } + [objective]
    let left = whole.left + 62
    let step = (whole.right - 50 - left) / Double(count)
    let scales = axes.map { axis in
      Scale(axis.kind, axis.extent, from: bottom, to: top)
    }
    let xs = (0...count).map { left + Double($0) * step }

    let (drawn, notes) = chosen(scales[count])
    let plot = Box(left: left - 20, top: top - 6, right: whole.right, bottom: bottom + 24)
    canvas.drawing.clipped(to: plot) { drawing in
      lines(drawn, xs, scales, absent: bottom + 16, &drawing)
    }
    let absent = (0..<count).map { index in trials.trials.contains { $0.values[index] == nil } }
    for index in 0...count {
      draw(
        &canvas.drawing, scales[index], x: xs[index], room: step - 14,
        title: index < count ? trials.parameters[index].name : trials.objective,
        isLast: index == count, hasAbsent: index < count && absent[index], absent: bottom + 16)
    }
    strip(
      &canvas.drawing, Box(left: xs[count] + 4, top: top, right: xs[count] + 14, bottom: bottom))
    var all = [
      "Right axis: \(trials.objectiveTitle); a line has the colour of what it reached, the best lies on top."
    ]
    if absent.contains(true) { all.append("–: trials that did not have this hyperparameter.") }
    all += trials.noteUnplaced(count) + trials.noteBeside(count)
    return canvas.finish(whole.bottom, notes: all + notes + trials.noteBeyond(scales[count]))
  }

  /// The trials that are drawn, from the worst to the best: all, or the best and a fair choice of the
  /// others.
  private func chosen(_ axis: Scale) -> ([TrialSet.Trial], [String]) {
    let sorted = trials.worstFirst
    guard sorted.count > Self.most else { return (sorted, []) }
    let leaders = Self.most / 5
    let others = sorted.dropLast(leaders)
    let step = Double(others.count) / Double(Self.most - leaders)
    let choice = (0..<(Self.most - leaders)).map { others[Int(Double($0) * step)] }
    return (
      choice + sorted.suffix(leaders),
      [
        "Drawn are the best \(leaders) of \(NumberText.count(sorted.count)) trials and \(NumberText.count(choice.count)) evenly chosen others."
      ]
    )
  }

  private func lines(
    _ drawn: [TrialSet.Trial], _ xs: [Double], _ scales: [Scale], absent: Double,
    _ drawing: inout Drawing
  ) {
    let opacity = drawn.count > 400 ? 0.35 : drawn.count > 80 ? 0.6 : 0.85
    // Runs of one colour are one element.
    var (data, colour) = ("", -1)
    for (index, trial) in drawn.enumerated() {
      let quality = trials.quality(trial.objective, scales[xs.count - 1])
      let step = Marks.step(quality)
      if step != colour {
        if colour >= 0 { drawing.path(data, "w\(colour)", width: 1.3, opacity: opacity) }
        (data, colour) = ("", step)
      }
      let path = self.path(trial, xs, scales, absent)
      guard index < drawn.count - 1 else {
        if colour >= 0 { drawing.path(data, "w\(colour)", width: 1.3, opacity: opacity) }
        return drawing.path(path, "w\(Palette.steps - 1)", width: 3.2)
      }
      data += path
    }
  }

  private func path(
    _ trial: TrialSet.Trial, _ xs: [Double], _ scales: [Scale], _ absent: Double
  ) -> String {
    let last = xs.count - 1
    let ys = (0...last).map { index -> Double in
      let value = index < last ? trial.values[index] : trial.objective
      guard let place = value.flatMap({ scales[index].place($0) }) else { return absent }
      return min(max(place, -2000), 4000)
    }
    return "M" + zip(xs, ys).map { Drawing.point($0, $1) }.joined(separator: "L")
  }

  private func draw(
    _ drawing: inout Drawing, _ scale: Scale, x: Double, room: Double, title: String,
    isLast: Bool, hasAbsent: Bool, absent: Double
  ) {
    drawing.line(x, scale.start, x, scale.end, "axis", width: 1.4)
    // The bold title of the last axis, which is a long one, ends where the picture does.
    let title = TextWidth.fitting(title, (isLast ? room + 60 : room) / 1.1)
    drawing.write(
      title, x: isLast ? x + 50 : x, y: scale.end - 14,
      TextStyle(anchor: isLast ? .end : .middle, isBold: true))
    var ticks = scale.ticks(6).labelled
    if case .names = scale.kind {
      let every = max(1, Int((14 / scale.band).rounded(.up)))
      ticks = ticks.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }
    for tick in ticks {
      guard let y = scale.place(tick.value) else { continue }
      drawing.line(x - 4, y, x, y, "axis", width: 1.4)
      let label = TextWidth.fitting(tick.label, room - 10, size: 11)
      drawing.write(
        label, x: x - 7, y: y + 4, TextStyle(name: "halo", anchor: .end, size: 11))
    }
    if hasAbsent {
      drawing.write("–", x: x - 7, y: absent + 4, TextStyle(name: "halo", anchor: .end, size: 11))
    }
  }

  /// The colours along the axis of the objective.
  private func strip(_ drawing: inout Drawing, _ box: Box) {
    let step = box.height / Double(Palette.steps)
    for index in 0..<Palette.steps {
      let quality = trials.isLessBetter ? Palette.steps - 1 - index : index
      let bottom = box.bottom - Double(index) * step
      drawing.rectangle(
        Box(
          left: box.left, top: bottom - step - (index < Palette.steps - 1 ? 0.3 : 0),
          right: box.right, bottom: bottom), "v\(quality)")
    }
  }
}
