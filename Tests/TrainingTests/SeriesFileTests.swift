import Testing
import Training

@Suite struct SeriesFileTests {
  static func options(_ change: (inout ImportOptions) -> Void = { _ in }) -> ImportOptions {
    var options = ImportOptions(format: .csv, values: ["v"])
    options.time = ["t"]
    change(&options)
    return options
  }

  private static func notes(
    _ content: String, _ options: ImportOptions
  ) throws -> [String] {
    var notes: [String] = []
    _ = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d", options: options
    ) { notes.append($0) }
    return notes
  }

  @Test(arguments: [
    (
      ["2010-01-01 00:00", "2010-01-01 01:00", "2010-01-01 02:00"],
      "f: steps of 1 hour, without a gap"
    ),
    (["2010-01-31", "2010-02-28", "2010-03-31"], "f: steps of 1 month, without a gap"),
    (["2009", "2010", "2011"], "f: steps of 1 year, without a gap"),
    (["2010-01-01 00:00:00", "2010-01-01 00:00:15"], "f: steps of 15 seconds, without a gap"),
    (
      ["2010-01-01", "2010-01-02", "2010-01-05", "2010-01-06", "2010-01-08"],
      "f:4: 2010-01-05 after 2010-01-02, but steps are of 1 day as a rule: 2 of 4 are not"
    ),
    (
      ["2010-01-01", "2010-01-02", "2010-01-03", "2010-02-03", "2010-03-03"],
      "f:5: 2010-02-03 after 2010-01-03, but steps are of 1 day as a rule: 2 of 4 are not"
    ),
  ])
  func `the usual step and the first gap are told`(times: [String], note: String) throws {
    let rows = times.enumerated().map { "\($1),\($0)\n" }.joined()
    #expect(try Self.notes("t,v\n" + rows, Self.options()) == [note])
    #expect(try Self.notes("t,v\n" + rows, Self.options { $0.time = [] }) == [])
  }

  @Test func `a gap in the second of two series is told with its line`() throws {
    let content = """
      s,t,v
      a,2010-01-01,1
      b,2010-01-01,1
      a,2010-01-02,1
      b,2010-01-04,1
      a,2010-01-03,1
      """
    #expect(
      try Self.notes(content, Self.options { $0.series = "s" })
        == ["f:5: 2010-01-04 after 2010-01-01, but steps are of 1 day as a rule: 1 of 3 are not"])
  }

  @Test func `rows of several series may stand in any order`() throws {
    let content = """
      s,t,w,v,k
      b,2010-01-01,NE,1,x
      a,2010-01-01,SW,2,y
      b,2010-01-02,cv,3,x
      c,2009-01-01,NE,4,x
      b,2010-01-03,NE,5,y
      a,2010-01-02,cv,6,x
      """
    let options = Self.options {
      ($0.series, $0.categories) = ("s", ["w", "k"])
    }
    let dataset = try Dataset(
      importing: Array(content.utf8), file: "f", name: "d", options: options)
    let channels = ["w=NE", "w=SW", "w=cv", "k=x", "k=y", "v"]
    #expect(
      dataset.inputs
        == .values(
          [
            [1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 3, 1, 0, 0, 0, 1, 5],
            [0, 1, 0, 0, 1, 2, 0, 0, 1, 1, 0, 6], [1, 0, 0, 1, 0, 4],
          ], channels: channels))
    let (first, day): (Int64, Int64) = (1_262_304_000, 86_400)
    #expect(
      dataset.times
        == [[first, first + day, first + 2 * day], [first, first + day], [first - 365 * day]])
    #expect(dataset.names == ["b", "a", "c"] && dataset.withZeros().names == dataset.names)
    let alone = try Dataset(
      importing: Array("t,v\n2010-01-01,1\n".utf8), file: "f", name: "d", options: Self.options())
    #expect(alone.names == nil)
    let file = try SeriesFile(
      Array(content.utf8), file: "f", options: options, channels: channels)
    #expect(file.names == ["b", "a", "c"] && file.times?[1] == [first, first + day])
    #expect(file.values[2] == [1, 0, 0, 1, 0, 4])
  }

  @Test func `a plan for a series with gaps says so`() throws {
    func notes(_ times: [Int64]) throws -> [String] {
      try PreparedData(
        ForecastTests.series([times.map { Float($0 % 7) }], times: times), DataPlan(window: 2),
        seed: 0
      ).notes.filter { $0.hasPrefix("steps of") }
    }
    var times = (0..<40).map { Int64($0) * 3600 }
    #expect(try notes(times).isEmpty)
    times[39] += 7200
    #expect(
      try notes(times) == [
        "steps of 1 hour as a rule, but not 1 of 39, the first of them 1970-01-02 17:00 after "
          + "1970-01-02 14:00: windows count steps, not time"
      ])
  }

  @Test(arguments: [
    (["2012-01-15", "2012-02-15", "2012-03-15"], ["2012-04-15", "2012-05-15"]),
    (["2011-12-31", "2012-01-31"], ["2012-02-29", "2012-03-31"]),
    (["2011-12-30", "2012-01-30"], ["2012-02-29", "2012-03-30"]),
    (["2013-12-31", "2014-12-31"], ["2015-12-31", "2016-12-31"]),
    // Ten days were left out at the end.
    (["2012-01-01", "2012-01-02", "2012-01-03", "2012-01-13"], ["2012-01-14", "2012-01-15"]),
    // Days of work, the last one a Friday.
    (
      [
        "2024-04-03", "2024-04-04", "2024-04-05", "2024-04-08", "2024-04-09", "2024-04-10",
        "2024-04-11", "2024-04-12",
      ], ["2024-04-15", "2024-04-16"]
    ),
    (["2024-04-12"], ["2024-04-12 00:00:01", "2024-04-12 00:00:02"]),
  ])
  func `times go on at their usual distance`(times: [String], next: [String]) throws {
    let rows = times.map { "\($0),1\n" }.joined()
    let file = try SeriesFile(
      Array("t,v\n\(rows)".utf8), file: "f", options: Self.options(), channels: ["v"])
    #expect(file.times(after: 0, count: 2) == next)
  }

  @Test func `a category of too many names is refused`() throws {
    let rows = (0...1000).map { "name \($0),1\n" }.joined()
    let error = #expect(throws: ImportError.self) {
      try Dataset(
        importing: Array("w,v\n\(rows)".utf8), file: "f", name: "d",
        options: Self.options { ($0.time, $0.categories) = ([], ["w"]) })
    }
    #expect(
      error?.description
        == "f:1002: w: found the 1001th name; allowed: categories of at most 1000 names, each a channel"
    )
  }

  @Test func `series are read in the channels of a model`() throws {
    let content =
      "s,t,v,w\na,2010-01-31,1,x\nb,2010-01-31,5,y\na,2010-02-28,2,x\nb,2010-02-28,6,y\n"
    let options = Self.options { ($0.series, $0.categories) = ("s", ["w"]) }
    let file = try SeriesFile(
      Array(content.utf8), file: "f", options: options, channels: ["w=x", "w=y", "w=z", "v"])
    #expect(file.names == ["a", "b"])
    #expect(file.values == [[1, 0, 0, 1, 1, 0, 0, 2], [0, 1, 0, 5, 0, 1, 0, 6]])
    #expect(file.times(after: 0, count: 2) == ["2010-03-31", "2010-04-30"])
    let hours = try SeriesFile(
      Array("t,v\n2010-01-31 22:00,1\n2010-01-31 23:00,2\n".utf8), file: "f",
      options: Self.options(), channels: ["v"])
    #expect(hours.times(after: 0, count: 2) == ["2010-02-01 00:00", "2010-02-01 01:00"])
    let unknown = #expect(throws: ImportError.self) {
      try SeriesFile(Array(content.utf8), file: "f", options: options, channels: ["w=x", "v"])
    }
    #expect(
      unknown?.description == "f: found the channel 'w=y'; allowed: those of the model: w=x, v")
    // A category by its number is the same one.
    let number = Self.options { ($0.series, $0.categories) = ("s", ["4"]) }
    let numbered = try SeriesFile(
      Array(content.utf8), file: "f", options: number, channels: ["w=x", "w=y", "w=z", "v"])
    #expect(numbered.values == file.values)
    let missing = #expect(throws: ImportError.self) {
      try SeriesFile(
        Array(content.utf8), file: "f", options: options, channels: ["w=x", "w=y", "v", "u"])
    }
    #expect(
      missing?.description == "f: channel 'u': found no such column; allowed: w=x, w=y, v")
  }
}
