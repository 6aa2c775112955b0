import Search
import Testing

@Suite struct ExpressionTests {
  /// Numbers a to d, truth t, text s of some values, and u of any kind.
  static func read(_ text: String) throws(ExpressionError) -> Expression {
    try Expression(text) { name throws(Expression.UnknownName) in
      switch name {
      case "a", "b", "c", "d", "x.y": Expression.Name(name, .number)
      case "t": Expression.Name(name, .truth)
      case "s": Expression.Name("the.s", .text, texts: ["one", "two"])
      case "u": Expression.Name(name, .unknown)
      default: throw Expression.UnknownName("found the unknown name \(name)")
      }
    }
  }

  static func evaluate(_ text: String, _ values: [String: Value] = [:]) throws -> Value? {
    try read(text).evaluate { values[$0] }
  }

  static let values: [String: Value] = [
    "a": 2, "b": 3.5, "c": -1, "x.y": 64, "t": true, "the.s": "two",
  ]

  static let results: [(String, Value?)] = [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("7 - 2 - 1", 4.0), ("8 / 4 / 2", 1.0),
    ("2 ^ 3 ^ 2", 512.0), ("-2 ^ 2", -4.0), ("2 ^ -1", 0.5), ("(-2) ^ 3", -8.0), ("7 % 4", 3.0),
    ("-7 % 4", 1.0), ("- - 3", 3.0), ("1e-3 * 1000", 1.0), (".5 + 2.", 2.5), ("a * b", 7.0),
    ("x.y / a", 32.0), ("a+b-c", 6.5), ("min(3, 1, 2)", 1.0), ("max(3, a, 2)", 3.0),
    ("min(4)", 4.0), ("abs(c)", 1.0), ("log2(x.y)", 6.0), ("log2(0.125)", -3.0), ("log(1)", 0.0),
    ("sqrt(16)", 4.0), ("floor(b)", 3.0), ("ceil(b)", 4.0), ("4 ^ 0.5", 2.0), ("0 ^ 0.5", 0.0),
    ("a < b", true), ("a <= 2", true), ("a > 2", false), ("b >= 3.5", true), ("a == 2", true),
    ("a != 2", false), ("s == \"two\"", true), ("s != 'two'", false), ("t and a > 1", true),
    ("not t", false), ("not t or a > 1", true), ("t == true", true), ("u == null", true),
    ("a == null", false), ("not a > 3 and t", true), ("false or true and false", false),
    // What has no value.
    ("d", nil), ("d + 1", nil), ("d < 1", nil), ("log(0)", nil), ("sqrt(c)", nil), ("1 / 0", nil),
    ("c ^ 0.5", nil), ("10 ^ 400", nil), ("5 % 0", nil), ("u + 1", nil), ("d == null", true),
    ("d < 1 or t", true), ("t or d < 1", true), ("d < 1 and false", false), ("d < 1 and t", nil),
    ("not d < 1", nil), ("1 / 0 == 1", nil),
  ]

  @Test(arguments: results) func `the value is that of arithmetic`(text: String, value: Value?)
    throws
  {
    #expect(try Self.evaluate(text, Self.values) == value)
  }

  @Test(arguments: results.map(\.0)) func `the text that it writes means the same`(text: String)
    throws
  {
    let expression = try Self.read(text)
    // Names in full are resolved by those who write them.
    let written = expression.description.replacing("the.s", with: "s")
    let again = try Self.read(written)
    #expect(again == expression)
    #expect(again.description == expression.description)
  }

  @Test(arguments: [
    ("a+(b*c)", "a + b * c"), ("(a+b)*c", "(a + b) * c"), ("a-(b-c)", "a - (b - c)"),
    ("((a))", "a"), ("not(a<b)", "not a < b"), ("(a^b)^c", "(a ^ b) ^ c"), ("a^(b^c)", "a ^ b ^ c"),
    ("1000000*0.0001", "1000000 * 1e-4"), ("s=='one'", "the.s == \"one\""),
    ("(t or t) and t", "(t or t) and t"), ("-(a+b)", "-(a + b)"), ("max( a,b )", "max(a, b)"),
  ]) func `it is written with the parentheses that it needs`(text: String, written: String) throws {
    #expect(try Self.read(text).description == written)
  }

  static let errors: [(String, String)] = [
    ("", "column 1: found the end, allowed: a number, a name, a text in quotes or \"(\""),
    ("a +", "column 4: found the end, allowed: a number, a name, a text in quotes or \"(\""),
    ("a b", "column 3: found \"b\", allowed: an operator or the end"),
    ("(a", "column 3: found the end, allowed: an operator or \")\""),
    ("a)", "column 2: found \")\", allowed: an operator or the end"),
    ("a = 2", "column 3: found \"=\", allowed: an operator or the end; did you mean \"==\"?"),
    ("a && b", "column 3: found \"&&\", allowed: an operator or the end; did you mean \"and\"?"),
    (
      "!t",
      "column 1: found \"!\", allowed: a number, a name, a text in quotes or \"(\"; did you mean"
        + " \"not\"?"
    ),
    ("a ** 2", "column 3: found \"**\", allowed: an operator or the end; did you mean \"^\"?"),
    ("a ≤ 2", "column 3: found \"≤\", allowed: an operator or the end; did you mean \"<=\"?"),
    ("1 < a < 3", "column 7: found a second comparison, \"<\", allowed: two joined by and"),
    ("a + z9", "column 5: found the unknown name z9"),
    ("a + s", "column 5: found a text for +, allowed: a number"),
    ("a and t", "column 1: found a number for and, allowed: true or false"),
    ("not a", "column 5: found a number for not, allowed: true or false"),
    ("-t", "column 2: found true or false for -, allowed: a number"),
    ("a == 'one'", "column 6: found a text after ==, allowed: a number, as before it"),
    (
      "s == \"onr\"",
      "column 6: found \"onr\", which the.s never is, allowed: one, two; did you mean \"one\"?"
    ),
    ("s == 'one", "column 6: found a text without an end, allowed: '"),
    ("1.2.3 < a", "column 1: found 1.2.3, allowed: a number such as 1e-3"),
    ("0x10", "column 1: found 0x10, allowed: a number such as 1e-3"),
    ("1e999", "column 1: found 1e999, allowed: a number such as 1e-3"),
    (".", "column 1: found ., allowed: a number such as 1e-3"),
    (
      "sqr(a)",
      "column 1: found the unknown function sqr, allowed: min, max, abs, log, log2, sqrt, floor,"
        + " ceil; did you mean \"sqrt\"?"
    ),
    ("log(a, b)", "column 9: found 2 values for log, allowed: one"),
    ("log()", "column 5: found \")\", allowed: a number, a name, a text in quotes or \"(\""),
    ("min(a b)", "column 7: found \"b\", allowed: an operator, \",\" or \")\""),
    ("and", "column 1: found and, allowed: a number, a name, a text in quotes or \"(\""),
    ("a;b", "column 2: found \";\", allowed: an operator or the end"),
  ]

  @Test(arguments: errors) func `a mistake is told with its column and what is allowed`(
    text: String, message: String
  ) {
    #expect {
      try Self.read(text)
    } throws: {
      "\($0)" == message
    }
  }

  @Test(arguments: [
    String(repeating: "(", count: 900), String(repeating: "-", count: 900) + "1",
    String(repeating: "not ", count: 200) + "t", String(repeating: "min(", count: 200),
    String(repeating: "2^", count: 400) + "2",
  ]) func `deep nesting is refused`(text: String) {
    #expect {
      try Self.read(text)
    } throws: {
      "\($0)".hasSuffix("nested too deep, allowed: 32 levels")
    }
  }

  @Test func `length is bounded, and what is long but flat is read`() throws {
    #expect {
      try Self.read(String(repeating: "a+", count: 5000) + "a")
    } throws: {
      "\($0)" == "column 1: found 10001 bytes, allowed: at most 1000"
    }
    #expect(try Self.evaluate(String(repeating: "a+", count: 499) + "a", Self.values) == 1000.0)
  }

  @Test func `no beginning and no corruption of a text crashes`() {
    let text = Array("not (min(a, 2) * -b ^ 1e-3 <= x.y) or s == \"one\"".unicodeScalars)
    for length in 0...text.count {
      _ = try? Self.read(String(String.UnicodeScalarView(text.prefix(length))))
    }
    for position in text.indices {
      for scalar in ["\u{0}", "(", "\"", "^", "=", ".", "é", "🙂", " "] as [Unicode.Scalar] {
        var corrupt = text
        corrupt[position] = scalar
        _ = try? Self.read(String(String.UnicodeScalarView(corrupt)))
      }
    }
  }

  @Test func `its names are those that it uses, each once`() throws {
    let expression = try Self.read("a * x.y + a < max(b, 1) and (s == 'one' or x.y > a)")
    #expect(expression.names == ["a", "x.y", "b", "the.s"])
  }
}
