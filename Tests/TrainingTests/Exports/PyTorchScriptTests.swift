import Recurrent
import Testing
import Training

/// What the scripts compute, deploy/compare-exports finds out; here, that each has what its model needs
/// and nothing more.
@Suite struct PyTorchScriptTests {
  private static func script(
    _ dataset: Dataset, _ model: ModelSettings, _ data: DataPlan = DataPlan(), title: String = "T",
    loss: TrainingPlan.LossName = .auto
  ) throws -> (text: String, files: [ExportedFile]) {
    let artifacts = try Trained.artifacts(dataset, model, data, loss: loss)
    let files = try ModelExport(artifacts).files(.pytorch, artifacts: artifacts, title: title)
    return (String(decoding: files[0].bytes, as: UTF8.self), files)
  }

  @Test func `a classifier of texts is written with its files`() throws {
    let (text, files) = try Self.script(
      Trained.texts, ModelSettings(cell: .lstm, hidden: 4, layers: 2, embedding: 3),
      DataPlan(maximumLength: 7, keep: .end), title: "Trial 7 \"\"\" of \\ sweep\n3")
    #expect(
      files.map(\.name) == [
        "model.py", "model.safetensors", "plan.json", "vocabulary.json", "labels.json",
      ])
    #expect(
      text.hasPrefix(
        "\"\"\"Trial 7 ??? of ? sweep?3\n\nlstm, 2 layers of 4 units.\nTask: classify.\n"))
    #expect(text.contains("nn.LSTM(3, 4, num_layers=2, batch_first=True)"))
    #expect(text.contains("LABELS = [\"ham\", \"spam\"]"))
    #expect(text.contains("[-MAXIMUM_LENGTH:]") && text.contains("MAXIMUM_LENGTH = 7"))
    #expect(text.contains("import unicodedata") && text.contains("def tokenize(text):"))
    #expect(!text.contains("TARGET_MEANS") && !text.contains("class Recurrent"))
    // Python reads indentation by spaces, and a line of it has an end.
    #expect(!text.contains("\t") && text.hasSuffix("main()\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test(arguments: Trained.kinds)
  func `a layer that torch has is used, any other is written out`(kind: Trained.Kind) throws {
    let dataset = try Generator.adding.dataset(count: 20, length: 5, seed: 1)
    let (text, files) = try Self.script(dataset, kind.settings)
    let settings = kind.settings
    let isNative =
      !settings.peepholes && settings.normalization == .none && settings.layers == 1
      && !(settings.cell == .gru && settings.reset == .before)
    #expect(text.contains("nn.\(settings.cell.rawValue.uppercased())(") == isNative)
    #expect(text.contains("class Recurrent(nn.Module)") == !isNative)
    #expect(text.contains("layer_norm") == (settings.normalization == .layer))
    #expect(text.contains("steps if layer > 0 else 0") == settings.residual)
    #expect(text.contains("TARGET_MEANS") && text.contains("CHANNELS = ["))
    #expect(files.map(\.name) == ["model.py", "model.safetensors", "plan.json"])
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func `a language model ties its head`() throws {
    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "abcabd", count: 100)]), targets: .none)
    var model = ModelSettings(cell: .gru, hidden: 5, embedding: 5)
    model.tied = true
    let script = try Self.script(text, model, DataPlan(maximumLength: 8)).text
    #expect(script.contains("self.head.weight = self.embedding.weight"))
    #expect(script.contains("return list(text)") && !script.contains("unicodedata"))
    #expect(script.contains("nn.GRU(5, 5, batch_first=True)"))
  }

  @Test func `the loss binary has a sigmoid for each class`() throws {
    let settings = ModelSettings(cell: .gru, hidden: 4, embedding: 3)
    let plain = try Self.script(Trained.texts, settings).text
    let binary = try Self.script(Trained.texts, settings, loss: .binary).text
    let outputs = "network(padded, lengths)"
    #expect(plain.contains("results = torch.softmax(\(outputs), dim=-1)\n"))
    #expect(
      binary.contains("results = torch.softmax(nn.functional.logsigmoid(\(outputs)), dim=-1)\n"))
    #expect(binary.contains("its share of their sum") && !plain.contains("sigmoid"))
    #expect(binary.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}

/// What other versions of the program may write into a plan.
@Suite struct PlanContentsTests {
  private static func exported(
    _ old: String, _ new: String, _ format: ExportFormat
  ) throws -> [UInt8] {
    var artifacts = try Trained.artifacts(
      Trained.texts, ModelSettings(cell: .gru, hidden: 4, embedding: 3))
    let plan = String(decoding: artifacts[Artifact.Name.plan] ?? [], as: UTF8.self)
    #expect(plan.contains(old))
    artifacts[Artifact.Name.plan] = Array(plan.replacing(old, with: new, maxReplacements: 1).utf8)
    return try ModelExport(artifacts).files(format, artifacts: artifacts, title: "T")[0].bytes
  }

  @Test func `what an export does not know it refuses`() throws {
    let change = (#""encoding":{"#, #""encoding":{"embroidery":{},"#)
    for format in [ExportFormat.pytorch, .onnx] {
      let error = #expect(throws: PlanError.self) {
        try Self.exported(change.0, change.1, format)
      }
      #expect(error?.found == "encoding.embroidery")
    }
    #expect(try !Self.exported(change.0, change.1, .safetensors).isEmpty)
  }

  @Test func `a threshold decides in the script too`() throws {
    let script = try Self.exported(
      #""format_version":"#, #""threshold":0.25,"format_version":"#, .pytorch)
    let text = String(decoding: script, as: UTF8.self)
    #expect(text.contains("THRESHOLD = 0.25"))
    #expect(text.contains("LABELS[1 if float(probabilities[1]) >= THRESHOLD else 0]"))
  }
}
