internal import Recurrent

/// A Python file for one model: the module, how inputs become tensors and tensors answers, and a small
/// command line. It needs `torch` and `safetensors`, and the model's other files beside it.
struct PyTorchScript {
  let model: ModelExport
  /// What the model is, for the head of the file.
  let title: String

  init(_ model: ModelExport, title: String) {
    self.model = model
    // It stands in a string of Python: nothing in it may end that.
    self.title = String(
      title.unicodeScalars.map { scalar in
        let isPlain = (32..<127).contains(scalar.value) && scalar != "\"" && scalar != "\\"
        return isPlain ? Character(scalar) : "?"
      })
  }

  var plan: ModelPlan { model.network }
  var encoding: Encoding { model.encoding }
  private var isText: Bool { encoding.tokens != nil }

  var text: String {
    ([head, constants] + tokenizer + [network] + inputs + [answers, commandLine])
      .joined(separator: "\n\n\n") + "\n"
  }

  // MARK: Head

  private var head: String {
    let files = isText ? "model.safetensors and vocabulary.json lie" : "model.safetensors lies"
    let remarks: [String] = [
      plan.dropout > 0 || plan.recurrentDropout > 0
        ? "Dropout was for training; here is none." : "",
      model.hasSigmoids
        ? "Each class has a sigmoid of its own; its probability is its share of their sum." : "",
      model.precisionNote.isEmpty
        ? ""
        : "It was trained with bf16 products; here all is float32, so numbers differ by that rounding.",
    ]
    let notes = remarks.filter { !$0.isEmpty }.map { "\n" + $0 + "\n" }.joined()
    return """
      \"\"\"\(title)

      \(model.summary).
      Task: \(encoding.task.rawValue).
      \(notes)
      Written by `unroll export`. Needs torch and safetensors;
      \(files) beside it.

          \(commandExample)
          python model.py --file inputs.txt        # one input a line
      \"\"\"

      \(imports)
      from pathlib import Path

      \(Self.importing("torch"))
      from safetensors.torch import load_file
      from torch import nn\(packing)
      """
  }

  private static func importing(_ module: String) -> String { "import " + module }

  private var imports: String {
    let modules =
      ["argparse", "json"] + (hasCalendar ? ["math"] : [])
      + (encoding.tokens == .words ? ["unicodedata"] : [])
    return (modules.map(Self.importing) + (hasCalendar ? ["from datetime import datetime"] : []))
      .joined(separator: "\n")
  }

  /// What packs sequences of several lengths; windows are equally long.
  private var packing: String {
    let names =
      (isNative ? ["pack_padded_sequence", "pad_packed_sequence"] : [])
      + (forecast == nil ? ["pad_sequence"] : [])
    return names.isEmpty
      ? "" : "\nfrom torch.nn.utils.rnn import " + names.joined(separator: ", ")
  }

  private var commandExample: String {
    if isText { return "python model.py 'one text' 'another one'" }
    if encoding.channels == nil { return "python model.py '3 1 4 1 5'" }
    return hasCalendar
      ? "python model.py '2014-01-31T06:00 0.5 2014-01-31T07:00 1.5"
        + (hasFollowing ? " 2014-01-31T08:00'" : "'")
      : "python model.py '0.5 1.5 2.5'"
  }

  private var constants: String {
    var lines = ["FOLDER = Path(__file__).resolve().parent"]
    if isText {
      lines += [
        #"VOCABULARY = json.loads((FOLDER / "vocabulary.json").read_text(encoding="utf-8"))"#,
        "UNKNOWN = \(Vocabulary.unknown)  # the first two entries stand for padding and unknown tokens",
        "INDEX = {token: index for index, token in enumerate(VOCABULARY) if index > UNKNOWN}",
      ]
    }
    if let labels = encoding.labels { lines.append("LABELS = " + list(labels.map(literal))) }
    if let threshold = model.threshold, encoding.positive != nil {
      lines.append("THRESHOLD = \(threshold)  # from which on a probability means the rarer label")
    }
    if let scale = encoding.inputScale {
      lines.append("CHANNELS = " + list((encoding.channels ?? []).map(literal)))
      lines.append("MEANS = torch.tensor(\(numbers(scale.means)), dtype=torch.float64)")
      lines.append("DEVIATIONS = torch.tensor(\(numbers(scale.deviations)), dtype=torch.float64)")
    }
    if !model.hasClasses {
      let scale = encoding.targetScale ?? .identity(width: plan.outputs)
      lines.append("TARGET_MEANS = torch.tensor(\(numbers(scale.means)), dtype=torch.float64)")
      lines.append(
        "TARGET_DEVIATIONS = torch.tensor(\(numbers(scale.deviations)), dtype=torch.float64)")
    }
    lines += valueConstants
    if let maximum = encoding.maximumLength, forecast == nil {
      lines.append(
        "MAXIMUM_LENGTH = \(maximum)  # of a longer sequence the "
          + (encoding.keep == .start ? "first" : "last") + " steps are kept")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Literals

  /// A string of JSON is one of Python.
  private func literal(_ text: String) -> String {
    String(decoding: CanonicalJSON.encode([text]).dropFirst().dropLast(), as: UTF8.self)
  }

  private func numbers(_ numbers: [Double]) -> String { list(numbers.map { "\($0)" }) }

  /// On one line if it fits, else an item a line.
  func list(_ items: [String]) -> String {
    let line = "[" + items.joined(separator: ", ") + "]"
    guard line.utf8.count > 44 else { return line }
    return "[\n    " + items.joined(separator: ",\n    ") + ",\n]"
  }

  // MARK: The module

  /// Whether one of torch's own layers computes the whole stack.
  var isNative: Bool {
    !plan.peepholes && plan.normalization == .none
      && !(plan.cell == .gru && plan.reset == .before) && !(plan.isResidual && plan.layers > 1)
  }

  private var network: String {
    (isNative ? [] : [PyTorchCell(plan).text]).joined(separator: "\n\n\n")
      + (isNative ? "" : "\n\n\n") + module + "\n\n\n" + loading
  }

  private var module: String {
    let isTokens = encoding.vocabularySize != nil
    let shape =
      plan.readout == .every ? "[batch, time, \(plan.outputs)]" : "[batch, \(plan.outputs)]"
    var lines = [
      "class Network(nn.Module):",
      "    \"\"\"\(isTokens ? "Tokens [batch, time]" : "Values [batch, time, channels]") and "
        + "lengths [batch] in, \(model.hasClasses ? "logits" : "numbers") \(shape) out.\"\"\"",
      "", "    def __init__(self):", "        super().__init__()",
    ]
    if case .tokens(let vocabulary, let embedding) = plan.input {
      lines.append("        self.embedding = nn.Embedding(\(vocabulary), \(embedding))")
    }
    lines.append("        self.recurrent = \(recurrent)")
    lines.append("        self.head = nn.Linear(\(plan.outputWidth), \(plan.outputs))")
    if plan.isTied { lines.append("        self.head.weight = self.embedding.weight") }
    lines += ["", "    def forward(self, inputs, lengths):"]
    lines.append("        steps = \(isTokens ? "self.embedding(inputs)" : "inputs")")
    if isNative {
      lines += [
        "        packed = pack_padded_sequence(",
        "            steps, lengths, batch_first=True, enforce_sorted=False)",
        "        states, _ = pad_packed_sequence(",
        "            self.recurrent(packed)[0], batch_first=True, total_length=steps.shape[1])",
      ]
    } else {
      lines.append("        states = self.recurrent(steps, lengths)")
    }
    lines += readout
    return lines.joined(separator: "\n")
  }

  private var recurrent: String {
    guard isNative else { return "Recurrent()" }
    var arguments = ["\(plan.inputWidth)", "\(plan.hidden)"]
    if plan.layers > 1 { arguments.append("num_layers=\(plan.layers)") }
    if plan.cell == .rnn { arguments.append("nonlinearity=\"\(plan.nonlinearity.rawValue)\"") }
    if plan.isBidirectional { arguments.append("bidirectional=True") }
    arguments.append("batch_first=True")
    let (name, list) = (plan.cell.rawValue.uppercased(), arguments.joined(separator: ", "))
    return list.utf8.count > 60 ? "nn.\(name)(\n            \(list))" : "nn.\(name)(\(list))"
  }

  private var readout: [String] {
    let valid = "valid = (torch.arange(states.shape[1]) < lengths[:, None])[:, :, None]"
    switch plan.readout {
    case .every: return ["        return self.head(states)"]
    case .last:
      return [
        "        last = states[torch.arange(len(lengths)), lengths - 1]",
        "        return self.head(last)",
      ]
    case .mean:
      return [
        "        \(valid)",
        "        mean = torch.where(valid, states, 0).sum(dim=1) / lengths[:, None]",
        "        return self.head(mean)",
      ]
    case .max:
      return [
        "        \(valid)",
        "        largest = torch.where(valid, states, -torch.inf).amax(dim=1)",
        "        return self.head(largest)",
      ]
    }
  }

  private var loading: String {
    var lines = [
      "def load(path=FOLDER / \"model.safetensors\"):",
      "    \"\"\"The trained network.\"\"\"", "    weights = load_file(path)",
    ]
    if plan.isTied {
      lines.append("    weights[\"head.weight\"] = weights[\"embedding.weight\"]")
    }
    lines += [
      "    network = Network()", "    network.load_state_dict(weights)",
      "    return network.eval()",
    ]
    return lines.joined(separator: "\n")
  }
}
