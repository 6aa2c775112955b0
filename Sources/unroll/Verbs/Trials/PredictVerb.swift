import ArgumentParser
import Glibc
import Orchestration
import Store
import Training

struct PredictVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Ask a model.",
    discussion: """
      Texts are given on the command line or in a file. A model of numbers or symbols takes a sequence a \
      line: numbers between spaces or commas, step after step.

      A file is csv or tsv with a header, jsonl (an object a line) or plain lines, as its name says. The \
      answers come in the order of its rows, each behind its row: prediction and probability, or for \
      several numbers prediction_1 and so on. A bad row ends it, with its line. A name may end in .gz.

      A model that forecasts reads a csv or tsv file as dataset import did, and goes on with its series: a \
      row for each step after their ends. Options say what is otherwise there than in the file that was \
      imported. With --column each row of the file is a series.

        unroll predict --trial 7 'WINNER! Claim your prize now' 'See you at seven?'
        unroll predict --model spam --file messages.csv --column text -o answers.csv
        unroll predict --sweep latest --best 5 --file messages.txt
        unroll predict --model load --file power.csv -o tomorrow.csv

      A text that begins with - comes after a bare --.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var model: ModelOptions

  @Option(help: "A file with an input in each row, or - for the standard input.")
  var file: String?

  @Option(help: "The column, or key, that holds the input; text, or the only column, if not said.")
  var column: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Where the answers to a file go, a name that ends in .csv, .tsv or .jsonl.")
  var answers: String?

  @OptionGroup(title: "A file of series") var columns: SeriesColumns

  @Option(help: "How many threads read a file; as many as there are cores if not said.")
  var threads: Int?

  @Argument(help: "Inputs.")
  var inputs: [String] = []

  func validate() throws {
    guard answers == nil || file != nil else {
      throw ValidationError("-o takes the answers to a file: give one with --file")
    }
    guard (1...1024).contains(threads ?? 1) else {
      throw ValidationError("--threads: found \(threads ?? 0), allowed: 1 to 1024")
    }
    if let answers, answers == file, answers != "-" {
      throw ValidationError("-o: found the file that is read, allowed: another name")
    }
    if let answers, answers != "-",
      RecordReader.Form(path: answers) == .lines || answers.lowercased().hasSuffix(".gz")
    {
      throw ValidationError(
        "-o: found \(answers), allowed: a name that ends in .csv, .tsv or .jsonl, or -")
    }
  }

  func run() throws {
    if let file, answers != nil || RecordReader.Form(path: file) != .lines {
      guard inputs.isEmpty else {
        throw SystemError("found inputs beside the file \(file), allowed: one of the two")
      }
      return try predict(file: file)
    }
    let inputs = try inputs + fileLines()
    guard !inputs.isEmpty else {
      throw SystemError("nothing to predict: give texts, or a file with --file")
    }
    let ensemble = try Ensemble(database.withDatabase { try model.artifacts($0) })
    let predictions = try ensemble.predict(inputs) { place, found, allowed in
      SystemError("input \(place + 1): found \(found), allowed: \(allowed)")
    }
    if output.isJSON {
      try JSONOutput.print(zip(inputs, predictions).map { Answer(input: $0, prediction: $1) })
    } else {
      for (input, prediction) in zip(inputs, predictions) { show(input, prediction) }
    }
  }

  private func predict(file: String) throws {
    let form = RecordReader.Form(path: file)
    let target = answers.flatMap { $0 == "-" ? nil : RecordReader.Form(path: $0) } ?? form
    // Before anything is asked of the database.
    let source = try InputFile.open(file)
    defer { source.close() }
    let (artifacts, known) = try database.withDatabase { database in
      let first = try model.trials(database).first
      return (
        try model.artifacts(database),
        try first.flatMap { try TrialModels(database).dataset(trial: $0).importOptions }
      )
    }
    if form.isTable, column == nil, let prediction = try SeriesPrediction(artifacts) {
      return try goOn(
        file, prediction, prediction.options(form, columns.columns, known: known), to: target)
    }
    guard columns.columns.isEmpty else {
      throw SystemError(
        "\(file): found options of a file of series, allowed: those with a csv or tsv file, a model "
          + "that forecasts, and without --column")
    }
    let prediction = try FilePrediction(
      artifacts, from: form,
      to: target == .lines ? .csv : target, column: column, file: file,
      threads: threads ?? max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))
    let read = try PackedFile.content(source.read, file: file)
    let path = answers ?? "-"
    let sink = try OutputFile(path, force: true)
    let summary = try prediction.run(read: read) { try sink.write($0) }
    try sink.finish()
    guard path != "-" else { return }
    let rate = Double(summary.rows) / max(summary.seconds, 1e-9)
    print(
      "\(path): \(summary.rows) rows in \(Format.seconds(summary.seconds))"
        + " (\(Int(rate.rounded())) a second)")
  }

  /// Goes on with the series of a file.
  private func goOn(
    _ file: String, _ prediction: SeriesPrediction, _ options: ImportOptions,
    to target: RecordReader.Form
  ) throws {
    let start = ContinuousClock.now
    let form = output.isJSON && answers == nil ? RecordReader.Form.jsonl : target
    let found = try prediction.run(
      InputFile.bytes(file), file: file, options: options, to: form)
    let path = answers ?? "-"
    let sink = try OutputFile(path, force: true)
    try sink.write(found.lines)
    try sink.finish()
    guard path != "-" else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(
      "\(path): \(found.steps) steps of \(found.series) series in \(Format.seconds(seconds))")
  }

  /// What `--json` prints of one input.
  private struct Answer: Encodable {
    let input: String
    let prediction: Prediction

    enum CodingKeys: String, CodingKey {
      case input
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(input, forKey: .input)
      try prediction.encode(to: encoder)
    }
  }

  private func fileLines() throws -> [String] {
    guard let file else { return [] }
    let source = try InputFile.open(file)
    defer { source.close() }
    let read = try PackedFile.content(source.read, file: file)
    var bytes: [UInt8] = []
    while case let more = try read(), !more.isEmpty { bytes += more }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SystemError("\(file): found bytes that are not UTF-8, allowed: text in UTF-8")
    }
    return text.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }
      .map(String.init)
  }

  /// A label as it can be read on a line: a character that leaves no ink, such as the end of a line, in quotation
  /// marks.
  private func readable(_ label: String) -> String {
    label.allSatisfy(\.isWhitespace) ? label.debugDescription : label
  }

  private func show(_ input: String, _ prediction: Prediction) {
    let width = max(24, (Terminal.width ?? 100) - 44)
    let shown = input.count > width ? input.prefix(width - 1) + "…" : input[...]
    var answer = prediction.label.map(readable) ?? ""
    if let candidates = prediction.probabilities {
      let best = candidates.sorted { $0.probability > $1.probability }.prefix(4)
      answer +=
        "  ("
        + best.map { "\(readable($0.label)) \(Format.decimal($0.probability, places: 4))" }
        .joined(separator: ", ") + ")"
    } else if let numbers = prediction.numbers {
      answer = numbers.map { Format.number($0, digits: 6) }.joined(separator: " ")
    } else if let steps = prediction.steps {
      answer = steps.map(readable).joined(separator: " ")
    }
    print("\(answer)  ← \(shown)")
  }
}
