import Orchestration
import Testing
import Training

@Suite struct SeriesPredictionTests {
  /// Hours with a gap in the values.
  private static func content(_ hours: Range<Int>, missing: Int? = 30) -> String {
    "time,load\n"
      + hours.map { hour in
        let (day, clock) = (1 + hour / 24, hour % 24)
        let value = hour == missing ? "" : "\(hour % 24 + hour % 5)"
        return "2010-01-\(day < 10 ? "0" : "")\(day) \(clock < 10 ? "0" : "")\(clock):00,\(value)\n"
      }.joined()
  }

  private static var options: ImportOptions {
    var options = ImportOptions(format: .csv, values: ["load"])
    options.time = ["time"]
    options.missing = .keep
    return options
  }

  /// A model that reads the calendar and knows gaps.
  private static func model(
    quantiles: [Double]? = nil, missing: DataPlan.Missing? = nil
  ) throws -> [String: [UInt8]] {
    let dataset = try Dataset(
      importing: Array(content(0..<200).utf8), file: "f", name: "d", options: options)
    var plan = DataPlan(window: 6, horizon: 3)
    plan.missing = missing
    plan.calendar = [.hour]
    plan.quantiles = quantiles
    return try trained(dataset, plan)
  }

  private static func trained(_ dataset: Dataset, _ plan: DataPlan) throws -> [String: [UInt8]] {
    let data = try PreparedData(dataset, plan, seed: 1)
    guard
      case .finished(let outcome) = try Session(
        Plan(
          data: plan, model: ModelSettings(hidden: 4),
          training: TrainingPlan(epochs: 2, batch: 16, rate: 0.02), seed: 1), data
      ).run()
    else { preconditionFailure("nothing stops this run") }
    return Dictionary(uniqueKeysWithValues: outcome.artifacts.map { ($0.name, $0.bytes) })
  }

  @Test func `gaps are zeros to a model that learned from zeros`() throws {
    let artifacts = try Self.model(missing: .zero)
    let prediction = try #require(try SeriesPrediction([artifacts]))
    let content = Self.content(0..<100, missing: 97)
    let options = try prediction.options(.csv, FileColumns(), known: Self.options)
    let found = try prediction.run(Array(content.utf8), file: "f", options: options, to: .csv)
    let dataset = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d", options: Self.options)
    guard case .values(let values, _) = dataset.inputs else { return }
    func expected(_ gap: Float) throws -> [Double]? {
      try Predictor(artifacts).predict(
        values: [values[0].map { $0.isNaN ? gap : $0 }], times: dataset.times.map { Array($0) }
      )[0].numbers
    }
    let answers = String(decoding: found.lines, as: UTF8.self).split(separator: "\n").dropFirst()
      .compactMap { $0.split(separator: ",").last.flatMap { Double($0) } }
    let (zeros, others) = (try expected(0), try expected(7))
    #expect(answers == zeros && answers != others)
  }

  @Test func `a model that reads the calendar goes on with a series that has gaps`() throws {
    let artifacts = try Self.model()
    let prediction = try #require(try SeriesPrediction([artifacts]))
    let content = Self.content(0..<100, missing: 97)
    let options = try prediction.options(.csv, FileColumns(), known: Self.options)
    let found = try prediction.run(Array(content.utf8), file: "f", options: options, to: .csv)
    #expect(found.steps == 3 && found.series == 1)
    let lines = String(decoding: found.lines, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines[0] == "time,step,prediction")
    #expect(lines[1].hasPrefix("2010-01-05 04:00,1,") && lines[3].hasPrefix("2010-01-05 06:00,3,"))

    let dataset = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d", options: Self.options)
    guard case .values(let values, _) = dataset.inputs else { return }
    let expected = try Predictor(artifacts).predict(
      values: Array(values), times: dataset.times.map { Array($0) })
    #expect(
      lines.dropFirst().map { $0.split(separator: ",").last.flatMap { Double($0) } }
        == expected[0].numbers)

    let objects = try prediction.run(Array(content.utf8), file: "f", options: options, to: .jsonl)
    #expect(
      String(decoding: objects.lines, as: UTF8.self)
        .hasPrefix("{\"time\": \"2010-01-05 04:00\", \"step\": 1, \"prediction\": "))
  }

  @Test func `options say what is otherwise, and each series is continued`() throws {
    let prediction = try #require(try SeriesPrediction([Self.model(quantiles: [0.1, 0.5, 0.9])]))
    var columns = FileColumns()
    let missing = #expect(throws: SystemError.self) {
      try prediction.options(.tsv, columns, known: nil)
    }
    #expect(missing?.description.hasPrefix("--time: found nothing, allowed: ") == true)
    (columns.time, columns.series) = (["when"], "place")
    let options = try prediction.options(.tsv, columns, known: nil)
    #expect(options.values == ["load"] && options.missing == .keep && options.format == .tsv)
    let rows = (0..<20).flatMap { hour in
      ["north", "south"].map { "\($0)\t2010-01-01 \(hour < 10 ? "0" : "")\(hour):00\t\(hour)\n" }
    }
    let found = try prediction.run(
      Array(("place\twhen\tload\n" + rows.joined()).utf8), file: "f", options: options, to: .tsv)
    let lines = String(decoding: found.lines, as: UTF8.self).split(separator: "\n")
    #expect(
      lines[0] == "series\ttime\tstep\tprediction\tquantile_0.1\tquantile_0.5\tquantile_0.9")
    #expect(lines.count == 7 && lines[4].hasPrefix("south\t2010-01-01 20:00\t1\t"))

    let short = #expect(throws: SystemError.self) {
      try prediction.run(
        Array(("place\twhen\tload\n" + rows.prefix(6).joined()).utf8), file: "f", options: options,
        to: .tsv)
    }
    #expect(short?.description == "f: series 'north': found 3 steps, allowed: at least 6")
  }

  @Test func `a series without a finite answer is refused by its name`() throws {
    // So small that the largest number is infinite in their scale.
    let content =
      "place,a,b\n" + (0..<60).map { "north,0.00\($0 % 5),0.00\($0 % 7)\n" }.joined()
    var known = ImportOptions(format: .csv, values: ["a", "b"])
    known.series = "place"
    let dataset = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d", options: known)
    let prediction = try #require(
      try SeriesPrediction([Self.trained(dataset, DataPlan(window: 6, horizon: 3))]))
    let options = try prediction.options(.csv, FileColumns(), known: known)
    let error = #expect(throws: SystemError.self) {
      try prediction.run(
        Array((content + "north,3e38,3e38\n").utf8), file: "f", options: options, to: .jsonl)
    }
    #expect(
      error?.description
        == "f: series 'north': found values for which the model has no finite answer, "
        + "allowed: values nearer to those that it learned from")
  }

  @Test func `a series that is too short does not keep others from being continued`() throws {
    let prediction = try #require(try SeriesPrediction([Self.model()]))
    var columns = FileColumns()
    (columns.time, columns.series) = (["when"], "place")
    let options = try prediction.options(.csv, columns, known: nil)
    func rows(_ place: String, _ hours: Int) -> String {
      (0..<hours).map { "\(place),2010-01-01 \($0 < 10 ? "0" : "")\($0):00,\($0)\n" }.joined()
    }
    let (head, long) = ("place,when,load\n", rows("long", 20))
    func answers(_ content: String) throws -> (series: Int, text: String, notes: [String]) {
      var notes: [String] = []
      let found = try prediction.run(
        Array(content.utf8), file: "f", options: options, to: .csv
      ) { notes.append($0) }
      return (found.series, String(decoding: found.lines, as: UTF8.self), notes)
    }
    let alone = try answers(head + long)
    #expect(alone.notes == [] && alone.series == 1)
    let one = try answers(head + rows("short", 3) + long)
    #expect(one.text == alone.text && one.series == 1)
    #expect(one.notes == ["series 'short': 3 steps, at least 6 are needed: no forecast"])
    let two = try answers(head + rows("short", 3) + long + rows("shorter", 1))
    #expect(two.text == alone.text)
    #expect(
      two.notes == [
        "series 'short': 3 steps, 'shorter': 1 step, at least 6 are needed: no forecast"
      ])
  }
}
