internal import Recurrent

extension PyTorchScript {
  // MARK: Tokens

  /// How a text is cut, the same as ``Tokenizer`` does; nothing if the input is no text.
  var tokenizer: [String] {
    switch encoding.tokens {
    case nil: []
    case .characters:
      [
        """
        def tokenize(text):
            \"\"\"Each character is a token.\"\"\"
            return list(text)
        """
      ]
    case .words: [Self.letters, Self.words]
    }
  }

  private static let words = """
    def kind(character):
        \"\"\"What a character is to the tokenizer.\"\"\"
        if character == "'":
            return "letter"
        if "0" <= character <= "9":
            return "digit"
        if unicodedata.category(character)[0] == "L" or ord(character) in FURTHER_LETTERS:
            return "letter"
        return "space" if character.isspace() else "other"


    def tokenize(text):
        \"\"\"Lower-case runs of letters and apostrophes, runs of digits, any other sign alone.\"\"\"
        tokens, before = [], "space"
        for character in text:
            now = kind(character)
            written = character.lower() if now == "letter" else character
            if now == before and now in ("letter", "digit"):
                tokens[-1] += written
            elif now != "space":
                tokens.append(written)
            before = now
        return tokens
    """

  /// The characters with the property Alphabetic that are of no category of letters.
  private static let letters: String = {
    var ranges: [ClosedRange<UInt32>] = []
    for value in 0x80...0x10FFFF as ClosedRange<UInt32> {
      guard let scalar = Unicode.Scalar(value), scalar.properties.isAlphabetic else { continue }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        continue
      default: break
      }
      if let last = ranges.last, last.upperBound + 1 == value {
        ranges[ranges.count - 1] = last.lowerBound...value
      } else {
        ranges.append(value...value)
      }
    }
    var lines: [String] = []
    var line = ""
    for range in ranges {
      let first = String(range.lowerBound, radix: 16)
      let word = range.count == 1 ? first : first + "-" + String(range.upperBound, radix: 16)
      if line.count + word.count > 90 {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    lines.append(line)
    return """
      # What Unicode calls alphabetic beyond the categories of letters: vowel signs, letter numbers.
      FURTHER_LETTERS = set()
      for _range in \"\"\"
          \(lines.joined(separator: "\n    "))
      \"\"\".split():
          _first, _, _last = _range.partition("-")
          FURTHER_LETTERS.update(range(int(_first, 16), int(_last or _first, 16) + 1))
      """
  }()

  // MARK: Inputs

  /// What is kept of a long sequence.
  var cut: String {
    encoding.maximumLength == nil
      ? "" : encoding.keep == .start ? "[:MAXIMUM_LENGTH]" : "[-MAXIMUM_LENGTH:]"
  }

  /// From a line of the command to the tensor of one sequence.
  var inputs: [String] {
    if encoding.tokens != nil {
      return [
        """
        def encode(text):
            \"\"\"The tokens of a text as indices [time].\"\"\"
            indices = [INDEX.get(token, UNKNOWN) for token in tokenize(text)] or [UNKNOWN]
            return torch.tensor(indices)\(cut)
        """
      ]
    }
    guard encoding.channels != nil else {
      return [
        """
        def encode(line):
            \"\"\"The symbols between spaces or commas as indices [time].\"\"\"
            return torch.tensor([int(word) for word in line.replace(",", " ").split()])\(cut)
        """
      ]
    }
    return valueFunctions + [valueEncoding]
  }

  // MARK: Answers

  var answers: String {
    if let forecast { return forecastAnswers(forecast) }
    let outputs = "network(padded, lengths)"
    let scores = model.hasSigmoids ? "nn.functional.logsigmoid(\(outputs))" : outputs
    let result = model.hasClasses ? "torch.softmax(\(scores), dim=-1)" : outputs
    return """
      @torch.no_grad()
      def predict(network, inputs, batch=256):
          \"\"\"The answers to inputs, each a dictionary with the names of `unroll predict --json`.\"\"\"
          answers = []
          for start in range(0, len(inputs), batch):
              sequences = [encode(line) for line in inputs[start : start + batch]]
              lengths = torch.tensor([len(sequence) for sequence in sequences])
              padded = pad_sequence(sequences, batch_first=True)
              results = \(result)
              for result, length in zip(results, lengths.tolist()):
                  answers.append(answer(result, length))
          return answers


      \(answer)
      """
  }

  /// The index of the label, where a threshold decides between two.
  private var decision: String? {
    guard model.threshold != nil, let positive = encoding.positive else { return nil }
    return "\(positive) if float(probabilities[\(positive)]) >= THRESHOLD else \(1 - positive)"
  }

  private var answer: String {
    switch encoding.task {
    case .classify:
      """
      def answer(probabilities, length):
          \"\"\"The \(decision == nil ? "most probable label" : "label"), and how probable each is.\"\"\"
          candidates = [
              {"label": label, "probability": probability}
              for label, probability in zip(LABELS, probabilities.tolist())
          ]
          label = LABELS[\(decision ?? "int(probabilities.argmax())")]
          return {"label": label, "probabilities": candidates}
      """
    case .tag:
      """
      def answer(probabilities, length):
          \"\"\"The most probable class of each step.\"\"\"
          return {"steps": [LABELS[step] for step in probabilities[:length].argmax(dim=-1)]}
      """
    case .language:
      """
      def answer(probabilities, length):
          \"\"\"The ten most probable next tokens.\"\"\"
          last = probabilities[length - 1]
          order = torch.argsort(last, descending=True, stable=True)[:10].tolist()
          candidates = [
              {"label": \(encoding.tokens == nil ? "str(index)" : "VOCABULARY[index]"), \
      "probability": float(last[index])}
              for index in order
          ]
          return {"label": candidates[0]["label"], "probabilities": candidates}
      """
    case .regress, .forecast:
      // A forecast has its own: see forecastAnswers.
      """
      def answer(scaled, length):
          \"\"\"The numbers in the data's units.\"\"\"
          return {"numbers": (scaled.double() * TARGET_DEVIATIONS + TARGET_MEANS).tolist()}
      """
    }
  }

  var commandLine: String {
    """
    def main():
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("inputs", nargs="*", help="inputs")
        parser.add_argument("--file", help="a file with one input a line")
        arguments = parser.parse_args()
        inputs = arguments.inputs
        if arguments.file:
            lines = Path(arguments.file).read_bytes().decode("utf-8-sig").split("\\n")
            inputs = inputs + [line.removesuffix("\\r") for line in lines if line.strip()]
        if not inputs:
            parser.error("nothing to predict: give inputs, or a file with --file")
        answers = predict(load(), inputs)
        rows = [{"input": line, **answer} for line, answer in zip(inputs, answers)]
        print(json.dumps(rows, indent=2, sort_keys=True, ensure_ascii=False))


    if __name__ == "__main__":
        main()
    """
  }
}
