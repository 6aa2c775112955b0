import ArgumentParser
import Glibc
import Orchestration
import Pictures
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

      A model of values reads a csv or tsv file as dataset import did: each row is an example, whose value \
      columns are those of the import or of --values. The columns of labels, numbers and splits need not be \
      there. Of a .ts file each case is an example; its number, its label and the answer are written.

      A model that forecasts reads a csv or tsv file as dataset import did, too, and goes on with its \
      series: a row for each step after their ends. Series that are too short are left out, and told.

      Options say what is otherwise there than in the file that was imported. With --column that column \
      holds all of an input: the values of an example or a series, step after step.

        unroll predict --trial 7 'WINNER! Claim your prize now' 'See you at seven?'
        unroll predict --model spam --file messages.csv --column text -o answers.csv
        unroll predict --sweep latest --best 5 --file messages.txt
        unroll predict --model load --file power.csv -o tomorrow.csv
        unroll predict --model gestures --file new.csv --values 2-21 --json
        unroll predict --model vowels --file JapaneseVowels_TEST.ts

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

  @OptionGroup(title: "A file of series or of values") var columns: SeriesColumns

  @Option(help: "How many threads read a file; as many as there are cores if not said.")
  var threads: Int?

  @Argument(help: "Inputs.")
  var inputs: [String] = []

  func validate() throws {
    guard answers == nil || file != nil else {
      throw ValidationError("-o takes the answers to a file: give one with --file")
    }
    guard column == nil || file != nil else {
      throw ValidationError("--column names a column of a file: give one with --file")
    }
    guard columns.columns.isEmpty || file != nil else {
      throw ValidationError("found options of columns, allowed: those with a file, --file")
    }
    guard (1...1024).contains(threads ?? 1) else {
      throw ValidationError("--threads: found \(threads ?? 0), allowed: 1 to 1024")
    }
    if let answers, answers != "-", let file, answers == file || Self.isSame(file, answers) {
      throw ValidationError("-o: found the file that is read, allowed: another name")
    }
    if let answers, answers != "-",
      RecordReader.Form(path: answers) == .lines || answers.lowercased().hasSuffix(".gz")
    {
      throw ValidationError(
        "-o: found \(answers), allowed: a name that ends in .csv, .tsv or .jsonl, or -")
    }
  }

  /// Whether two paths lead to one file, however they are written.
  private static func isSame(_ input: String, _ output: String) -> Bool {
    var (left, right) = (stat(), stat())
    let found = input == "-" ? fstat(STDIN_FILENO, &left) : stat(input, &left)
    return found == 0 && stat(output, &right) == 0
      && (left.st_dev, left.st_ino) == (right.st_dev, right.st_ino)
  }

  func run() throws {
    guard let file else {
      guard !inputs.isEmpty else {
        throw SystemError("nothing to predict: give texts, or a file with --file")
      }
      let ensemble = try Ensemble(database.withDatabase { try model.artifacts($0) })
      return try answer(inputs, ensemble, refusing: Self.refusal)
    }
    let form = RecordReader.Form(path: file)
    guard column == nil || form != .lines else {
      throw SystemError(
        "--column: found \(file), which has no columns, allowed: a csv, tsv or jsonl file")
    }
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
    let ensemble = try Ensemble(artifacts)
    let read = try PackedFile.content(source.read, file: file)
    let values =
      column == nil ? ensemble.rowOptions(path: file, columns.columns, known: known) : nil
    if form == .lines, values == nil, answers == nil {
      return try answerLines(read, file, ensemble)
    }
    guard inputs.isEmpty else {
      throw SystemError("found inputs beside the file \(file), allowed: one of the two")
    }
    if form.isTable, column == nil, let prediction = SeriesPrediction(ensemble) {
      return try goOn(
        read, file, prediction, prediction.options(form, columns.columns, known: known))
    }
    try refuseColumns(unless: values != nil)
    let target = target(form)
    try write(
      read,
      FilePrediction(
        artifacts, from: form, to: target == .lines ? .csv : target, column: column,
        values: values, file: file,
        threads: threads ?? max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)))
  }

  /// Answers each row of a file.
  private func write(
    _ read: @escaping () throws -> [UInt8], _ prediction: FilePrediction
  ) throws {
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

  /// What is written of the answers to a file: what the name of the output says, else the same as is read.
  private func target(_ form: RecordReader.Form) -> RecordReader.Form {
    if let answers, answers != "-" { return RecordReader.Form(path: answers) }
    return output.isJSON ? .jsonl : form
  }

  private func refuseColumns(unless areUsed: Bool) throws {
    guard areUsed || columns.columns.isEmpty else {
      throw SystemError(
        "\(file ?? ""): found options of columns, allowed: those of a csv or tsv file, without --column, "
          + "for a model that forecasts, or --values and --header for another one of values")
    }
  }

  /// Goes on with the series of a file.
  private func goOn(
    _ read: () throws -> [UInt8], _ file: String, _ prediction: SeriesPrediction,
    _ options: ImportOptions
  ) throws {
    let start = ContinuousClock.now
    var bytes: [UInt8] = []
    while case let more = try read(), !more.isEmpty { bytes += more }
    let found = try prediction.run(
      bytes, file: file, options: options, to: target(RecordReader.Form(path: file))
    ) { Terminal.complain("unroll: note: \($0)") }
    let path = answers ?? "-"
    let sink = try OutputFile(path, force: true)
    try sink.write(found.lines)
    try sink.finish()
    guard path != "-" else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(
      "\(path): \(found.steps) steps of \(found.series) series in \(Format.seconds(seconds))")
  }

  /// Answers the lines of a file for a person, behind inputs that are given beside it.
  private func answerLines(
    _ read: @escaping () throws -> [UInt8], _ file: String, _ ensemble: Ensemble
  ) throws {
    try refuseColumns(unless: false)
    let column = RecordColumn(.lines, named: nil, file: file)
    var reader = RecordReader(.lines, file: file, read: read)
    var records: [Record] = []
    while let record = try reader.nextRecord() { records.append(record) }
    let inputs = try inputs + records.map { try column.text($0) }
    guard !inputs.isEmpty else {
      throw SystemError("\(file): nothing to predict: give a file with a line for each input")
    }
    try answer(inputs, ensemble) { place, found, allowed in
      let line = place - self.inputs.count
      return line >= 0
        ? column.error(records[line], field: nil, found: found, allowed: allowed)
        : Self.refusal(place, found, allowed)
    }
  }

  /// An error about an input that was given on the command line.
  private static func refusal(_ place: Int, _ found: String, _ allowed: String) -> any Error {
    SystemError("input \(place + 1): found \(found), allowed: \(allowed)")
  }

  private func answer(
    _ inputs: [String], _ ensemble: Ensemble, refusing: (Int, String, String) -> any Error
  ) throws {
    let predictions = try ensemble.predict(inputs, refusing: refusing)
    if output.isJSON {
      try JSONOutput.print(zip(inputs, predictions).map { Answer(input: $0, prediction: $1) })
    } else {
      for (input, prediction) in zip(inputs, predictions) { show(input, prediction) }
    }
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

  /// A label as it can be read on a line: one that leaves no ink, such as the end of a line, in quotation marks.
  private func readable(_ label: String) -> String {
    let text = Terminal.readable(label)
    return label.allSatisfy(\.isWhitespace) ? "\"\(text)\"" : text
  }

  private func show(_ input: String, _ prediction: Prediction) {
    let width = max(24, (Terminal.width ?? 100) - 44)
    let shown = TerminalText.cut(Terminal.readable(input), width)
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
