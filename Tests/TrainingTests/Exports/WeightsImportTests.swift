import FoundationEssentials
import Recurrent
import Testing
import Training

@Suite struct WeightsImportTests {
  private typealias Tensor = SafeTensors.Tensor

  private static func tensor(_ name: String, _ shape: Int...) -> SafeTensors.Tensor {
    Tensor(
      name: name, shape: shape,
      elements: (0..<shape.reduce(1, *)).map { Float($0) / 8 + Float(name.utf8.count) })
  }

  /// What torch saves of an Embedding, an LSTM and a Linear under some paths.
  private static func state(
    _ embedding: String = "encoder.table.", _ recurrent: String = "core.", _ head: String = "out."
  ) -> [SafeTensors.Tensor] {
    [
      tensor(embedding + "weight", 9, 3), tensor(recurrent + "weight_ih_l0", 16, 3),
      tensor(recurrent + "weight_hh_l0", 16, 4), tensor(recurrent + "bias_ih_l0", 16),
      tensor(recurrent + "bias_hh_l0", 16), tensor(head + "weight", 2, 4), tensor(head + "bias", 2),
    ]
  }

  private static func imported(
    _ tensors: [SafeTensors.Tensor], _ modules: ImportedWeights.Modules = .init()
  ) throws -> ImportedWeights {
    try ImportedWeights(SafeTensors(tensors).encoded(), named: "w.safetensors", modules: modules)
  }

  private static let names: Set = [
    "embedding.weight", "recurrent.weight_ih_l0", "recurrent.weight_hh_l0",
    "recurrent.bias_ih_l0", "recurrent.bias_hh_l0", "head.weight", "head.bias",
  ]

  @Test(arguments: [
    ["encoder.table.", "core.", "out."], ["embedding.", "recurrent.", "head."],
    ["model.embed.", "", "model.fc."], ["", "rnn.", "fc."],
  ])
  func `tensors are known by what they are, wherever they stood`(paths: [String]) throws {
    let state = Self.state(paths[0], paths[1], paths[2])
    let imported = try Self.imported(state)
    #expect(Set(imported.weights.tensors.map(\.name)) == Self.names)
    #expect(imported.sources["recurrent.weight_hh_l0"] == paths[1] + "weight_hh_l0")
    #expect(imported.weights["head.bias"]?.elements == state[6].elements)
    #expect(imported.weights["embedding.weight"]?.elements == state[0].elements)
  }

  @Test func `who imports says which module is meant`() throws {
    let two = Self.state() + [Self.tensor("other.weight", 9, 3)]
    let error = #expect(throws: ArtifactError.self) { try Self.imported(two) }
    #expect(
      error?.description
        == "w.safetensors: found 2 that could be the embedding: encoder.table, other; allowed: one; "
        + "--embedding PATH says which is meant, --skip PATH leaves one out")
    let rest = #expect(throws: ArtifactError.self) {
      try Self.imported(two, .init(embedding: "encoder.table"))
    }
    #expect(rest?.description.contains("'other.weight' [9, 3], which is part of no") == true)
    let skipped = try Self.imported(two, .init(skipped: ["other"]))
    #expect(skipped.sources["embedding.weight"] == "encoder.table.weight")
    #expect(
      #expect(throws: ArtifactError.self) { try Self.imported(two, .init(head: "nowhere")) }?
        .description.contains("no head in 'nowhere'; allowed: out") == true)
  }

  @Test func `a tied head has a bias alone`() throws {
    let tied = Self.state().filter { $0.name != "out.weight" }
    let imported = try Self.imported(tied)
    #expect(Set(imported.weights.tensors.map(\.name)) == Self.names.subtracting(["head.weight"]))
  }

  @Test func `numbers of other types become float32`() throws {
    func file(_ type: String, _ raw: [UInt8], _ count: Int) -> [UInt8] {
      let header =
        #"{"a.weight":{"dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(raw.count)]}}"#
      return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        + Array(header.utf8) + raw
    }
    func read(_ bytes: [UInt8]) throws -> [Float]? {
      try SafeTensors(decoding: bytes)["a.weight"]?.elements
    }
    #expect(try read(file("F16", [0x00, 0x3E, 0x00, 0xC0], 2)) == [1.5, -2])
    #expect(try read(file("BF16", [0xC0, 0x3F, 0x00, 0xC0], 2)) == [1.5, -2])
    let double = withUnsafeBytes(of: (-0.1).bitPattern.littleEndian) { Array($0) }
    #expect(try read(file("F64", double, 1)) == [-0.1])
    #expect(
      #expect(throws: ArtifactError.self) { try read(file("I64", double, 1)) }?.description
        == "safetensors: found 'a.weight' of type I64; allowed: the types F16, BF16, F32, F64")
    let infinite = SafeTensors([Tensor(name: "b", shape: [1], elements: [.nan])]).encoded()
    #expect(throws: ArtifactError.self) { try ImportedWeights(infinite, named: "w") }
  }

  private static func plan(_ change: (inout ModelSettings) -> Void = { _ in }) -> Plan {
    var model = ModelSettings(cell: .lstm, hidden: 4, embedding: 3)
    change(&model)
    return Plan(model: model, training: TrainingPlan(epochs: 1, batch: 8), seed: 1)
  }

  @Test func `a model begins with them, and what does not fit is named`() throws {
    let data = try PreparedData(Trained.texts, DataPlan(), seed: 1)
    let size = try #require(data.encoding.vocabularySize)
    let state = [Self.tensor("e.weight", size, 3)] + Self.state().dropFirst()
    let weights = try Self.imported(Array(state)).weights
    try Self.plan().check(initial: weights, for: data, named: "weights/w")
    var plan = Self.plan()
    plan.training.keepInitial = true
    guard
      case .finished(let outcome) = try Session(plan, data, initial: weights.encoded()).run()
    else { return }
    let initial = try #require(outcome.artifacts.first { $0.name == Artifact.Name.initial })
    let begun = try SafeTensors(decoding: initial.bytes)
    #expect(weights.tensors.allSatisfy { begun[$0.name] == $0 })

    func refusal(_ plan: Plan, _ weights: SafeTensors) throws -> String {
      let error = #expect(throws: ArtifactError.self) {
        try plan.check(initial: weights, for: data, named: "weights/w")
      }
      let session = #expect(throws: ArtifactError.self) {
        try Session(plan, data, initial: weights.encoded())
      }
      #expect(session?.found == error?.found)
      return "\(try #require(error))"
    }
    #expect(
      try refusal(Self.plan { $0.hidden = 5 }, weights)
        == "weights/w: found recurrent.weight_ih_l0 [16, 3]; allowed: recurrent.weight_ih_l0 [20, 3]"
    )
    let short = SafeTensors(weights.tensors.filter { $0.name != "head.bias" })
    #expect(
      try refusal(Self.plan(), short) == "weights/w: found no head.bias; allowed: head.bias [2]")
    let long = SafeTensors(weights.tensors + [Self.tensor("recurrent.weight_ih_l1", 16, 4)])
    #expect(try refusal(Self.plan(), long).contains("'recurrent.weight_ih_l1' [16, 4]; allowed:"))
  }

  // MARK: Hostile files

  @Test func `headers that lie are refused`() throws {
    func file(_ header: String, _ body: Int = 8) -> [UInt8] {
      withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        + Array(header.utf8) + [UInt8](repeating: 0, count: body)
    }
    func entry(_ shape: String, _ start: Int, _ end: Int) -> String {
      #"{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
    }
    let lies = [
      // Two tensors on the same bytes, a hole, bytes of nobody, an end before its start.
      file(#"{"a":\#(entry("[2]", 0, 8)),"b":\#(entry("[2]", 0, 8))}"#),
      file(#"{"a":\#(entry("[1]", 4, 8))}"#), file(#"{"a":\#(entry("[1]", 0, 4))}"#),
      file(#"{"a":\#(entry("[1]", 8, 4))}"#), file(#"{"a":\#(entry("[2]", -8, 0))}"#),
      file(#"{"a":\#(entry("[3037000500,3037000500]", 0, 8))}"#),
      file(#"{"a":\#(entry("[-1,-2]", 0, 8))}"#), file(#"{"a":\#(entry("[2.5]", 0, 8))}"#),
      file(#"{"a":\#(entry("[1e300]", 0, 8))}"#), file(#"{"a":{"dtype":"F32"}}"#), file("[]"),
      file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#), file("", 0), file("{", 0),
      file(#"{"a":{"b":"c"}}"#), [UInt8](repeating: 0xFF, count: 8),
      [0, 0, 0, 0, 0, 0, 0, 0x80], file(String(repeating: "[", count: 100_000)),
      file(#"{"a":"# + String(repeating: "[", count: 100_000)),
    ]
    for lie in lies {
      let error = #expect(throws: ArtifactError.self) { try SafeTensors(decoding: lie) }
      #expect(error?.description.contains("\n") == false)
    }
  }

  /// How many files are mutated; `UNROLL_MUTATIONS=100000` for a longer look.
  private static let mutations =
    ProcessInfo.processInfo.environment["UNROLL_MUTATIONS"].flatMap { Int($0) } ?? 2000

  @Test func `mutated files do no harm`() throws {
    let whole = SafeTensors(Self.state(), metadata: ["format": "pt"]).encoded()
    let header = whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var random = Mutations(seed: 6)
    var (refused, read) = (0, 0)
    for _ in 0..<Self.mutations {
      var bytes = whole
      for _ in 0..<1 + random.next(6) {
        // Most of what a reader believes is in the header.
        let place =
          random.next(4) == 0 ? random.next(bytes.count) : random.next(min(8 + header, bytes.count))
        switch random.next(5) {
        case 0: bytes[place] ^= 1 << UInt8(random.next(8))
        case 1: bytes[place] = Array(#"0123456789-,:[]{}"eE."#.utf8)[random.next(21)]
        case 2: bytes.insert(UInt8(random.next(256)), at: place)
        case 3: bytes.remove(at: place)
        default: bytes.removeSubrange(place..<min(place + random.next(40), bytes.count))
        }
        if bytes.isEmpty { bytes = [0] }
      }
      do {
        _ = try ImportedWeights(bytes, named: "mutated")
        read += 1
      } catch {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 600)
        refused += 1
      }
    }
    #expect(refused > Self.mutations / 2 && refused + read == Self.mutations)
  }

  /// A small generator, so that a failure can be had again.
  private struct Mutations {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(limit, 1)))
    }
  }
}
