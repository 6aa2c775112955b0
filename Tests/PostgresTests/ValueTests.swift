import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// A value's way to the server and back, through a cast that the server checks.
private func echo<T: PostgresEncodable & PostgresDecodable>(
  _ value: T, as type: String, over connection: Connection
) throws -> T {
  try connection.query("select $1::\(type) as echo", [value]).one()["echo", as: T.self]
}

@Suite(.scratchSchema) struct ValueTests {
  let connection: Connection

  init() throws { connection = try Connection(Scratch.database) }

  @Test func `integers come back, to their very ends`() throws {
    for value in [Int16.min, -1, 0, 1, .max] {
      #expect(try echo(value, as: "int2", over: connection) == value)
    }
    for value in [Int32.min, -1, 0, 1, .max] {
      #expect(try echo(value, as: "int4", over: connection) == value)
    }
    for value in [Int64.min, -1, 0, 1, .max] {
      #expect(try echo(value, as: "int8", over: connection) == value)
    }
  }

  @Test func `the server sees the same numbers`() throws {
    let row = try connection.query(
      "select $1::text as a, $2::text as b, $3::text as c, $4::text as d, $5::text as e",
      [Int16(-2), Int32(-3), Int64.max, 0.1, Float(0.1)].map(Cast.init)
    ).one()
    #expect(try row["a", as: String.self] == "-2")
    #expect(try row["b", as: String.self] == "-3")
    #expect(try row["c", as: String.self] == "9223372036854775807")
    #expect(try row["d", as: String.self] == "0.1")
    #expect(try row["e", as: String.self] == "0.1")
  }

  /// Sends a number with its own type, where `$1::text` alone would make the parameter a text.
  struct Cast: PostgresEncodable {
    let value: any PostgresEncodable
    static var postgresType: PostgresType { .inferred }
    var postgresParameter: Parameter { value.postgresParameter }
  }

  @Test func `floating point comes back bit for bit`() throws {
    let doubles: [Double] = [
      0, -0.0, 1, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
    ]
    for value in doubles {
      #expect(try echo(value, as: "float8", over: connection).bitPattern == value.bitPattern)
    }
    let floats: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity]
    for value in floats {
      #expect(try echo(value, as: "float4", over: connection).bitPattern == value.bitPattern)
    }
    #expect(try echo(Double.nan, as: "float8", over: connection).isNaN)
    #expect(try echo(Float.nan, as: "float4", over: connection).isNaN)
  }

  @Test(arguments: [
    "", " ", "'; drop table x; --", "\\N \\ \" ' $1", "tab\tline\r\nend", "naïve e\u{301} 🧪 漢字",
    String(repeating: "long ", count: 400_000),
  ])
  func `texts come back as they were`(text: String) throws {
    let back = try echo(text, as: "text", over: connection)
    #expect(Array(back.utf8) == Array(text.utf8))
  }

  @Test func `a zero byte in a text is refused before anything is sent`() throws {
    let refused = #expect(throws: PostgresError.self) {
      try connection.query("select $1, $2::text", [1, "a\0b"])
    }
    #expect(refused?.code == .encoding)
    #expect(refused?.message.contains("$2") == true)
    let inArray = #expect(throws: PostgresError.self) {
      try connection.query("select $1::text[]", [["fine", "a\0b"]])
    }
    #expect(inArray?.code == .encoding)
    let inStatement = #expect(throws: PostgresError.self) {
      try connection.execute("select 1; \0 drop table important")
    }
    #expect(inStatement?.code == .encoding)
    #expect(try echo(7, as: "int8", over: connection) == 7)
  }

  @Test func `ten megabytes of bytes come back`() throws {
    var state: UInt32 = 1
    let bytes = (0..<10_000_000).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    #expect(try echo(bytes, as: "bytea", over: connection) == bytes)
    #expect(
      try echo(Data(bytes.prefix(300)), as: "bytea", over: connection).elementsEqual(
        bytes.prefix(300)))
    #expect(try echo([UInt8](), as: "bytea", over: connection) == [])
  }

  @Test func `arrays come back, with their NULLs and without any element`() throws {
    #expect(try echo([Int32](), as: "int4[]", over: connection) == [])
    #expect(try echo([String](), as: "text[]", over: connection) == [])
    #expect(try echo([Int32.min, 0, .max], as: "int4[]", over: connection) == [.min, 0, .max])
    #expect(try echo([Int64.min, .max], as: "int8[]", over: connection) == [.min, .max])
    #expect(try echo([1.5, -.infinity], as: "float8[]", over: connection) == [1.5, -.infinity])
    #expect(try echo([Float(0.1)], as: "float4[]", over: connection) == [0.1])
    #expect(try echo([true, false], as: "bool[]", over: connection) == [true, false])
    #expect(
      try echo(["a,b", "{}", "NULL", "", "\"\\"], as: "text[]", over: connection)
        == ["a,b", "{}", "NULL", "", "\"\\"])
    let gaps: [Double?] = [nil, 1, nil]
    #expect(try echo(gaps, as: "float8[]", over: connection) == gaps)
    let texts: [String?] = [nil, "", "x"]
    #expect(try echo(texts, as: "text[]", over: connection) == texts)
    let many = (0..<200_000).map { Float($0) }
    #expect(try echo(many, as: "float4[]", over: connection) == many)
    let sum = try connection.query(
      "select sum(x) as s from unnest($1::int4[]) x", [[Int32(1), 2, 3]])
    #expect(try sum.one()["s", as: Int.self] == 6)
  }

  @Test func `an array with NULLs is no array of plain values`() throws {
    let error = #expect(throws: PostgresError.self) {
      try connection.query("select array[1, null]::int4[] as a").one()["a", as: [Int32].self]
    }
    #expect(error?.code == .decoding)
    #expect(error?.column == "a")
    #expect(throws: PostgresError.self) {
      try connection.query("select '{{1,2},{3,4}}'::int4[] as a").one()["a", as: [Int32].self]
    }
    #expect(throws: PostgresError.self) {
      try connection.query("select 'no array at all, but long enough'::text as a").one()[
        "a", as: [Int32].self]
    }
  }

  @Test func `moments, durations, identifiers and JSON come back`() throws {
    let moment = Date(timeIntervalSinceReferenceDate: 812_345_678.123456)
    let back = try echo(moment, as: "timestamptz", over: connection)
    #expect(abs(back.timeIntervalSince(moment)) < 1e-6)
    let epoch = try connection.query(
      "select extract(epoch from $1::timestamptz)::float8 as e", [Date(timeIntervalSince1970: 0.25)]
    )
    #expect(try epoch.one()["e", as: Double.self] == 0.25)
    let duration = Duration.seconds(-3661) + .microseconds(5)
    #expect(try echo(duration, as: "interval", over: connection) == duration)
    #expect(
      try connection.query("select '2 days 1 second'::interval as i").one()["i", as: Duration.self]
        == .seconds(172_801))
    let identifier = UUID()
    #expect(try echo(identifier, as: "uuid", over: connection) == identifier)
    let json = try JSON(encoding: ["b": [1, 2], "a": []])
    #expect(json.text == #"{"a":[],"b":[1,2]}"#)
    #expect(
      try echo(json, as: "jsonb", over: connection).decode([String: [Int]].self)
        == ["a": [], "b": [1, 2]])
    let plain = try connection.query("select '[1]'::json as j").one()
    #expect(try plain["j", as: JSON.self].text == "[1]")
    #expect(try echo(true, as: "bool", over: connection))
  }

  @Test func `what has no place in a Swift type is an error`() throws {
    for (value, read) in [
      ("'infinity'::timestamptz", "moment"), ("'1 month'::interval", "duration"),
    ] {
      let row = try connection.query("select \(value) as v").one()
      #expect(throws: PostgresError.self) {
        if read == "moment" {
          _ = try row["v", as: Date.self]
        } else {
          _ = try row["v", as: Duration.self]
        }
      }
    }
    #expect(throws: PostgresError.self) {
      try connection.query(
        "select $1::timestamptz", [Date(timeIntervalSinceReferenceDate: .infinity)])
    }
    #expect(throws: PostgresError.self) {
      try connection.query("select $1::interval", [Duration.seconds(Int64.max)])
    }
  }

  @Test func `NULL goes both ways through Optional only`() throws {
    let nothing: [any PostgresEncodable] = [
      nil as Int32?, nil as String?, nil as [UInt8]?, nil as JSON?, nil as [Double]?,
    ]
    let row = try connection.query(
      "select $1 as a, $2::text as b, $3 as c, $4 as d, $5 as e", nothing
    ).one()
    #expect(try row["a", as: Int32?.self] == nil)
    #expect(try row["b", as: String?.self] == nil)
    #expect(try row["c", as: [UInt8]?.self] == nil)
    #expect(try row["d", as: JSON?.self] == nil)
    #expect(try row["e", as: [Double]?.self] == nil)
    #expect(try row.isNull("a"))
    let error = #expect(throws: PostgresError.self) { try row["a", as: Int32.self] }
    #expect(error?.message.contains("column \"a\"") == true)
    #expect(error?.hint == "read it as Int32?")
  }

  @Test func `integers widen and never narrow`() throws {
    let row = try connection.query("select 1::int2 as a, 2::int4 as b, 3::int8 as c").one()
    #expect(try row["a", as: Int.self] + row["b", as: Int.self] + row["c", as: Int.self] == 6)
    #expect(try row["a", as: Int32.self] == 1)
    #expect(try row["b", as: Double.self] == 2)
    for narrow in [{ _ = try row["c", as: Int32.self] }, { _ = try row["b", as: Int16.self] }] {
      #expect(throws: PostgresError.self, performing: narrow)
    }
    #expect(throws: PostgresError.self) { try row["c", as: Double.self] }
  }

  @Test func `numeric is refused with the cast that helps`() throws {
    let row = try connection.query("select 1.5 as ratio").one()
    let error = #expect(throws: PostgresError.self) { try row["ratio", as: Double.self] }
    #expect(
      error?.description
        == "column \"ratio\": a numeric cannot be read as Double; "
        + "cast it in the statement: column::float8, ::bigint or ::text")
  }

  @Test func `labels of enums are texts, and composites are not`() throws {
    try connection.execute(
      """
      create type mood as enum ('so so', 'fine');
      create type pair as (a int, b text);
      """)
    let row = try connection.query(
      "select $1::mood as m, array['fine']::mood[] as n, row(1, 'x')::pair as p, int4range(1, 2) as r",
      ["so so"]
    ).one()
    #expect(try row["m", as: String.self] == "so so")
    #expect(try row["n", as: [String].self] == ["fine"])
    let composite = #expect(throws: PostgresError.self) { try row["p", as: String.self] }
    #expect(composite?.message.contains("oid") == true)
    #expect(composite?.hint?.contains("::text") == true)
    #expect(throws: PostgresError.self) { try row["r", as: String.self] }
  }

  @Test func `a column that is not there is named, with those that are`() throws {
    let row = try connection.query("select 1 as one, 2 as two").one()
    let error = #expect(throws: PostgresError.self) { try row["three", as: Int.self] }
    #expect(error?.message == "no column \"three\" in the answer, which has: one, two")
    #expect(try row[1, as: Int.self] == 2)
  }

  @Test func `a table of texts shows any type`() throws {
    let table = try connection.table(
      """
      select 1.50 as n, 'NaN'::float8 as f, true as b, null as z, '{"a": 1}'::jsonb as j,
             E'q"\\n' as t, '1 month'::interval as i, row(1, 'x') as r, -2 as m where $1 > 0
      """, [Int32(1)])
    #expect(
      table.rows == [
        [
          .number("1.50"), .text("NaN"), .boolean(true), .null, .json(#"{"a": 1}"#), .text("q\"\n"),
          .text("1 mon"), .text("(1,x)"), .number("-2"),
        ]
      ])
    #expect(table.rows[0][5].json == #""q\"\n""#)
    #expect(table.command == "SELECT 1")
    #expect(
      try connection.table("select 1 as a, null as b").json == "[\n  {\"a\": 1, \"b\": null}\n]")
  }
}
