import Testing

@testable import Pictures

/// Pictures of trials and their hyperparameters.
@Suite struct TrialPictureTests {
  static let axes = [
    ParameterAxis("rate", .logarithmic), ParameterAxis("hidden", .whole),
    ParameterAxis("cell", .names(["rnn", "lstm", "gru <&>"])), ParameterAxis("dropout", .linear),
  ]

  static func trials(_ count: Int, _ objective: (Int) -> Double = { 0.9 + Double($0 % 17) / 200 })
    -> TrialSet
  {
    TrialSet(
      title: "Sweep 3 & <more>", parameters: axes, objective: "validation accuracy",
      isLessBetter: false,
      trials: (0..<count).map { index in
        let rate = 0.0001 * Double(1 + index % 97)
        return TrialSet.Trial(
          id: index + 1,
          values: [
            rate, Double(8 + index % 56), Double(index % 3),
            index % 4 == 0 ? nil : 0.1 * Double(index % 5),
          ],
          objective: objective(index))
      })
  }

  static let kinds: [(name: String, draw: @Sendable (TrialSet) -> Picture)] = [
    ("parallel", { ParallelCoordinates($0).picture() }), ("slice", { SlicePicture($0).picture() }),
    ("contour", { ContourPicture($0).picture() }), ("rank", { RankPicture($0).picture() }),
  ]

  @Test(arguments: kinds.indices) func `names, axes and notes are there`(kind: Int) throws {
    let markup = try checked(Self.kinds[kind].draw(Self.trials(40)))
    #expect(markup.says("Sweep 3 & <more>"))
    #expect(markup.tells("rate") && markup.tells("hidden"))
    #expect(markup.tells("more is better"))
    if kind != 2 { #expect(markup.says("gru <&>")) }
    // A logarithmic axis says so, or has marks of powers.
    #expect(markup.tells("logarithmic") || markup.says("0.001"))
  }

  @Test func `of equally good trials the first is the best in every picture`() throws {
    let set = Self.trials(9) { [0.5, 0.9, 0.9, 0.7][$0 % 4] }
    #expect(set.best?.id == 2)
    #expect(set.worstFirst.last?.id == 2 && set.worstFirst.first?.objective == 0.5)
  }

  @Test(arguments: kinds.indices)
  func `values from before a range was logarithmic are told`(kind: Int) throws {
    var set = Self.trials(40)
    for place in 0..<3 { set.trials[place].values[0] = 0 }
    let told = "3 of 40 trials have values that no logarithmic axis has."
    #expect(try checked(Self.kinds[kind].draw(set)).tells(told))
    #expect(try !checked(Self.kinds[kind].draw(Self.trials(40))).tells("no logarithmic axis"))
  }

  @Test(arguments: kinds.indices) func `few trials, or equal ones, are drawn`(kind: Int) throws {
    let draw = Self.kinds[kind].draw
    #expect(try checked(draw(Self.trials(0))).says(TrialSet.nothing))
    for count in [1, 2] { #expect(try checked(draw(Self.trials(count))).count("path") > 2) }
    let equal = TrialSet(
      title: "equal", parameters: Self.axes, objective: "loss", isLessBetter: true,
      trials: (1...20).map { .init(id: $0, values: [0.01, 8, 1, nil], objective: 0.5) })
    #expect(try checked(draw(equal)).tells("less is better"))
    let none = TrialSet(
      title: "none", parameters: [], objective: "loss", isLessBetter: true,
      trials: [.init(id: 1, values: [], objective: 1)])
    #expect(try checked(draw(none)).count("path") == 0)
  }

  @Test(arguments: kinds.indices) func `what is no number is left out`(kind: Int) throws {
    let values: [Double] = [.nan, .infinity, -.infinity, 1e308, -1e200]
    let wild = Self.trials(60) { $0 % 5 == 0 ? values[$0 / 5 % values.count] : 0.9 }
    #expect(wild.trials.count == 48)
    _ = try checked(Self.kinds[kind].draw(wild))
    var odd = Self.trials(30)
    for index in odd.trials.indices {
      odd.trials[index].values = [
        [-1, .nan, 0, Double.leastNonzeroMagnitude, 1e300][index % 5], .infinity, 7, .nan,
      ]
    }
    _ = try checked(Self.kinds[kind].draw(odd))
  }

  @Test(arguments: kinds.indices) func `ten thousand trials stay small`(kind: Int) throws {
    let markup = try checked(Self.kinds[kind].draw(Self.trials(10_000)), most: 800_000)
    #expect(markup.elements.count < 5000)
  }

  @Test func `the best is drawn last and thickest`() throws {
    let markup = try checked(ParallelCoordinates(Self.trials(200)).picture())
    let widths = markup.attributes["path.stroke-width"] ?? []
    #expect(widths.count { $0 == "3.2" } == 1)
    // All lines of one colour are one element.
    #expect(markup.count("path") < 80)
  }

  @Test func `of many trials the best and a fair choice are drawn, and it is said`() throws {
    let markup = try checked(ParallelCoordinates(Self.trials(5000)).picture())
    let paths = (markup.attributes["path.d"] ?? []).filter { $0.count { $0 == "L" } >= 4 }
    #expect(paths.reduce(0) { $0 + $1.count { $0 == "M" } } == ParallelCoordinates.most)
    #expect(markup.tells("best 300 of 5000 trials and 1200 evenly"))
  }

  @Test func `the best of a slice has a ring where it is`() throws {
    let trials = TrialSet(
      title: "ring", parameters: [ParameterAxis("x", .linear)], objective: "loss",
      isLessBetter: true,
      trials: (0...10).map {
        .init(id: $0, values: [Double($0)], objective: 5 + Double(($0 - 4) * ($0 - 4)))
      })
    let markup = try checked(SlicePicture(trials).picture())
    let ring = try #require(markup.attributes["circle.cx"]?.first.flatMap(Double.init))
    let xs = (markup.attributes["path.d"] ?? []).filter { $0.contains("h0") }
      .flatMap {
        $0.split(separator: "M").compactMap {
          $0.split(separator: " ").first.flatMap { Double($0) }
        }
      }
      .sorted()
    #expect(xs.count == 11 && ring == xs[4])
  }

  @Test func `a contour fills what is above its level`() {
    // A ramp from 0 to 4 over four cells: above 2 is the right half.
    let ramp = FilledContour(
      values: [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], columns: 4, rows: 1,
      box: Box(left: 0, top: 0, right: 40, bottom: 10))
    #expect(
      ramp.path(above: 2) == "M20 0L20 0L20 10L20 10Z" + "M20 0H40V10H20Z"
        || ramp.path(above: 2) == "M20 0H40V10H20Z")
    #expect(ramp.path(above: 2.5) == "M25 0L30 0L30 10L25 10ZM30 0H40V10H30Z")
    #expect(ramp.path(above: 9) == "")
    #expect(ramp.path(above: -1) == "M0 0H40V10H0Z")
  }

  @Test func `smoothing keeps to what is near`() {
    let smooth = Smoothing([(0.1, 0.5, 1), (0.9, 0.5, 3)])
    #expect(smooth.value(0.1, 0.5) < 1.01 && smooth.value(0.9, 0.5) > 2.99)
    #expect(abs(smooth.value(0.5, 0.5) - 2) < 1e-9)
    #expect(smooth.value(-50, 0.5) < 1.01)
    let many = Smoothing((0..<5000).map { (Double($0) / 5000, 0.5, Double($0) / 5000) })
    #expect(abs(many.value(0.5, 0.5) - 0.5) < 0.01)
  }

  @Test func `dots of one name are spread`() {
    let shifts = (0..<50).map(SlicePicture.spread)
    #expect(shifts.allSatisfy { $0 >= -1 && $0 < 1 } && Set(shifts).count == 50)
  }

  @Test func `dots lie on the grid, and what is left out is named`() throws {
    let contour = ContourPicture(Self.trials(9)).picture().svg()
    let elements = contour.split(separator: "\n")
    let grid = try #require(elements.firstIndex { $0.contains("class=\"grid\"") })
    let dots = try #require(elements.firstIndex { $0.contains("class=\"inside\"") })
    #expect(grid < dots)
    var trials = Self.trials(9)
    trials.parameters.append(ParameterAxis("momentum", .linear))
    for index in trials.trials.indices { trials.trials[index].values.append(0.5) }
    #expect(try checked(RankPicture(trials).picture()).says("Not drawn: momentum."))
  }

  @Test func `of a share the axis is even, of a loss it may have powers of ten`() {
    func trials(isLessBetter: Bool) -> TrialSet {
      TrialSet(
        title: "t", parameters: [ParameterAxis("x", .linear)], objective: "o",
        isLessBetter: isLessBetter,
        trials: (1...20).map {
          .init(id: $0, values: [Double($0)], objective: 1 / Double($0 * $0 * $0))
        })
    }
    #expect(trials(isLessBetter: false).objectiveAxis.kind == .linear)
    #expect(trials(isLessBetter: true).objectiveAxis.kind == .logarithmic)
  }
}
