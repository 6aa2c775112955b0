import Search
import Testing

@Suite struct ValueTests {
  static let texts: [(Value, String)] = [
    (.null, "null"), (true, "true"), (false, "false"), (0, "0"), (-7, "-7"),
    (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
    (1.0, "1.0"), (-0.5, "-0.5"), (1e-4, "0.0001"), (1e-5, "1e-05"), (1e16, "10000000000000000.0"),
    (0.1, "0.1"), (.number(0.1 + 0.2), "0.30000000000000004"), (1e300, "1e+300"),
    (.number(.leastNonzeroMagnitude), "5e-324"),
    (.number(.greatestFiniteMagnitude), "1.7976931348623157e+308"),
    ("", "\"\""), ("a\"b\\c/\n\t\u{1}", "\"a\\\"b\\\\c/\\n\\t\\u0001\""), ("é 😀", "\"é 😀\""),
    ([], "[]"), ([1, "a", .null], "[1,\"a\",null]"), ([:], "{}"),
    (["b": 1, "a": [2.0]], "{\"a\":[2.0],\"b\":1}"),
  ]

  @Test(arguments: texts) func `a value and its JSON text are one and the same`(
    value: Value, text: String
  ) throws {
    #expect(value.json == text)
    #expect(try Value(json: text) == value)
    #expect(try Value(json: value.prettyJSON) == value)
  }

  @Test func `what jsonb makes of a text is the same value`() throws {
    // As PostgreSQL 15 prints '[1.0, 1e-05, 10000000000000000.0, 1e+300]'::jsonb.
    let kept = "[1.0, 0.00001, 10000000000000000.0, 1\(String(repeating: "0", count: 300))]"
    #expect(try Value(json: kept) == [1.0, 1e-5, 1e16, 1e300])
  }

  @Test(arguments: [
    "", " ", "nul", "01", "-", "+1", "1.", ".5", "1e", "1e999", "NaN", "[1,]", "[1 2]", "{\"a\"}",
    "{\"a\":1,}", "{\"a\":1,\"a\":2}", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\u{1}\"", "1 2", "'a'", "{a:1}", "[", "{", "\"\\u12\"", "tru",
  ]) func `what is not JSON is refused`(text: String) {
    #expect(throws: JSONError.self) { try Value(json: text) }
  }

  @Test func `nesting beyond measure is refused`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect {
      try Value(json: deep)
    } throws: {
      "\($0)" == "not JSON: nested more than 128 deep at byte 128"
    }
  }

  @Test func `escapes are read`() throws {
    let text = #""\u0041\ud83d\ude00\/\b\f\n\r\t\"\\""#
    #expect(try Value(json: text) == "A😀/\u{8}\u{C}\n\r\t\"\\")
  }

  @Test(arguments: [
    (1e-4, "1e-4"), (0.00025, "2.5e-4"), (1.5e-7, "1.5e-7"), (0.001, "0.001"), (0.05, "0.05"),
    (32, "32"), (-0.0003, "-3e-4"), (1.25, "1.25"), (0, "0"), (1e-10, "1e-10"), (2e6, "2000000"),
    (1e22, "1e+22"),
  ]) func `people read short numbers`(number: Double, text: String) {
    #expect(Value.number(number).description == text)
  }

  @Test func `whole numbers are whole however they are written`() {
    #expect(Value.number(1e3).integer == 1000)
    #expect(Value.number(1.5).integer == nil)
    #expect(Value.integer(3).number == 3)
    #expect(Value.string("3").number == nil)
  }
}
