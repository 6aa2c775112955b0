import Search
import Testing

/// Nothing that is fed in may crash, hang or be told in more than lines.
@Suite struct HostileSpecTests {
  static let lines: [(String, String)] = [
    ("", "sweep.yaml:1:1: found nothing, allowed: a mapping with dataset, model, search …"),
    (
      "# nothing\n",
      "sweep.yaml:1:1: found nothing, allowed: a mapping with dataset, model, search …"
    ),
    ("---\n", "sweep.yaml:2:1: found nothing, allowed: a mapping with dataset, model, search …"),
    (
      "- a\n- b\n", "sweep.yaml:1:1: found a list, allowed: a mapping with dataset, model, search …"
    ),
    (
      "just text",
      "sweep.yaml:1:1: found just text, allowed: a mapping with dataset, model, search …"
    ),
    (
      "dataset: a\n\tmodel: b\n",
      "sweep.yaml:2:1: not YAML: found a tab, allowed: spaces to indent"
    ),
    (
      "dataset: {a\n",
      "sweep.yaml:2:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping,"
        + " which began in line 1)"
    ),
    (
      "dataset: a\n--- \nmodel: b\n",
      "sweep.yaml:2:1: not YAML: but found another document (expected a single document in the stream, which began in line 1)"
    ),
    ("dataset: *none\n", "sweep.yaml:1:10: not YAML: found undefined alias"),
    (
      "dataset: !!binary aGk=\n",
      "sweep.yaml:1:10: found the tag tag:yaml.org,2002:binary, allowed: values without tags"
    ),
    (
      "dataset: a\n? [b]\n: c\n",
      "sweep.yaml:2:3: found a list or mapping as a key, allowed: a name"
    ),
    (
      "dataset: a\nmodel: {cell: a\u{0}b}\n",
      "sweep.yaml:2:16: not YAML: control characters are not allowed"
    ),
    (
      "{\"dataset\": \"a\", \"dataset\": \"b\"}",
      "sweep.yaml:1:2: the key \"dataset\" stands more than once in this mapping; this is the first"
    ),
    (
      "dataset: a\n!!str name: x\nname: y\n",
      "sweep.yaml:2:1: the key \"name\" stands more than once in this mapping; this is the first"
    ),
  ]

  @Test(arguments: lines) func `what is no specification is told on one line`(
    text: String, line: String
  ) {
    #expect(Example.errors(text) == [line])
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000),
    String(repeating: "{a: ", count: 50_000),
    String(repeating: "- ", count: 100_000),
    "a: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
    String(repeating: "? ", count: 50_000),
    (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
  ]) func `deep nesting is refused`(text: String) throws {
    let errors = Example.errors(text)
    #expect(errors.count == 1)
    #expect(try #require(errors.first).contains("nested too deep") || errors[0].contains("bytes"))
  }

  @Test func `a thousand million laughs are refused`() throws {
    let bomb = (1...9).map {
      "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ", "))]\n"
    }
    let text = "a0: &a0 [x, x]\n" + bomb.joined()
    #expect(
      Example.errors(text) == [
        "sweep.yaml:1:1: found too many aliases (*name), allowed: what YAML without them could say"
      ])
    #expect(Example.errors(text + "? *a9\n: 1\n").count == 1)
  }

  @Test func `a long text is refused by its length`() {
    let text = "dataset: a\n" + String(repeating: "#", count: 1 << 20)
    #expect(
      Example.errors(text) == ["sweep.yaml:1:1: found 1048587 bytes, allowed: at most 1048576"])
  }

  @Test func `more values than anyone writes are refused`() throws {
    let text =
      "dataset: a\nmodel:\n  hidden: {choice: [" + String(repeating: "1,", count: 200_000) + "1]}\n"
    #expect(
      try #require(Example.errors(text).first).hasSuffix(
        "found more than 100000 values, allowed: fewer"))
  }

  @Test func `bytes that are not UTF-8 are placed`() {
    let bytes = Array("dataset: a\nname: é".utf8) + [0xFF, 0x41]
    #expect {
      try SweepSpec.parse(bytes, file: "b", schema: Example.schema)
    } throws: {
      "\($0)" == "b:2:8: found a byte that is not UTF-8, allowed: YAML or JSON in UTF-8"
    }
    #expect(throws: Never.self) {
      try SweepSpec.parse(Array("dataset: a".utf8), file: "b", schema: Example.schema)
    }
  }

  @Test(arguments: [
    "99999999999999999999999", "-99999999999999999999999", "1e400", "9223372036854775808",
    "0xffffffffffffffffffff", String(repeating: "9", count: 5000), "-9223372036854775808",
  ]) func `numbers beyond all bounds are refused`(number: String) {
    for key in ["trials", "seed", "priority"] {
      let errors = Example.errors("dataset: a\n\(key): \(number)\n")
      #expect(errors.count == 1)
      #expect(errors.allSatisfy { $0.hasPrefix("sweep.yaml:2:") && $0.count < 300 })
    }
    let bounds = "dataset: a\ntrials: 1\nmodel: {hidden: {int: [1, \(number)]}}\n"
    #expect(Example.errors(bounds).count == 1)
  }

  @Test func `steps and grids beyond counting are refused`() {
    #expect(
      Example.errors("dataset: a\ntrials: 1\nmodel: {forget_bias: {step: [0, 1e300, 1e-300]}}\n")
        == [
          "sweep.yaml:3:29: model.forget_bias: step: found more values than can be counted"
        ])
    let wide = ["hidden", "embedding"].map { "\($0): {int: [1, 65536]}" }.joined(separator: ", ")
    let long = ["epochs: {int: [1, 100000]}", "batch: {int: [1, 65536]}"].joined(separator: ", ")
    let text = "dataset: a\nsearch: grid\nmodel: {\(wide)}\ntraining: {\(long)}\n"
    #expect(
      Example.errors(text)
        == [
          "sweep.yaml:2:9: search: found a grid of more points than can be counted, allowed: random"
        ])
    #expect(
      Example.errors("dataset: a\nsearch: grid\nmodel: {\(wide)}\n")
        == [
          "sweep.yaml:2:9: trials: missing, allowed: 10000000 of the grid's 4294967296 points"
        ])
  }

  @Test func `a message never has more than one line`() {
    let errors = Example.errors(
      "dataset: a\nmodel: {cell: \"a\\nb\\u0007\(String(repeating: "c", count: 500))\", \"x\\ny\": 1}\n"
    )
    #expect(errors.count == 2)
    #expect(errors.allSatisfy { !$0.contains("\n") && $0.count < 300 })
  }

  @Test func `no beginning and no corruption of a text crashes`() {
    let text = Array(SpecReadingTests.yaml.utf8)
    var tried = 0
    for length in 0...text.count {
      tried += attempt(Array(text.prefix(length)))
    }
    for (index, byte) in zip(
      0..., [0x00, 0x09, 0x22, 0x26, 0x2A, 0x5B, 0x7B, 0x80, 0xC3] as [UInt8])
    {
      for position in stride(from: index, to: text.count, by: 7) {
        var corrupt = text
        corrupt[position] = byte
        tried += attempt(corrupt)
      }
    }
    #expect(tried > text.count)
  }

  /// 1, whatever came of it, as long as errors are lines.
  private func attempt(_ bytes: [UInt8]) -> Int {
    do {
      _ = try SweepSpec.parse(bytes, file: "f", schema: Example.schema)
    } catch {
      #expect(!error.errors.isEmpty)
      #expect(
        error.errors.allSatisfy { $0.description.hasPrefix("f:") && !$0.description.contains("\n") }
      )
    }
    return 1
  }
}
