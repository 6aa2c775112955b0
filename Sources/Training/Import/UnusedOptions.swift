extension ImportOptions {
  /// Refuses an option that says something about a file which its format cannot use: whoever gave it
  /// expects what does not happen.
  ///
  /// - Throws: ``ImportError`` with the option.
  func checkUse(file: String) throws(ImportError) {
    let used = usedOptions
    guard let unused = givenOptions.first(where: { !used.contains($0) }) else { return }
    throw ImportError(
      .badOptions, file: file, field: unused, found: "an option that \(use) does not have",
      allowed: used.isEmpty ? "none" : used.joined(separator: ", "))
  }

  private var givenOptions: [String] {
    let given: [(String, Bool)] = [
      ("text", text != nil), ("label", label != nil), ("number", number != nil),
      ("values", !values.isEmpty), ("split", split != nil), ("header", header != nil),
      ("channels", channels != 1), ("time", !time.isEmpty), ("series", series != nil),
      ("categories", !categories.isEmpty), ("missing", missing != .refuse), ("bytes", bytes),
    ]
    return given.filter(\.1).map(\.0)
  }

  private var usedOptions: [String] {
    let answers = ["label", "number", "split"]
    switch format {
    case .text: return []
    case .ts: return ["missing", "bytes"]
    case .jsonl:
      return ["text", "values"] + answers + (values.isEmpty ? [] : ["missing", "bytes"])
    case .csv, .tsv:
      // What these readers refuse they tell better.
      let others = ["header", "values", "categories"]
      if text != nil { return ["text"] + answers + others }
      if label != nil || number != nil {
        return answers + others + ["time", "series", "channels", "missing", "bytes"]
      }
      return others + ["time", "series", "missing", "bytes", "split"]
    }
  }

  /// What the options are for, in words.
  private var use: String {
    switch format {
    case .text: "a file of text"
    case .ts: "a .ts file, which says all else itself,"
    case .jsonl: values.isEmpty ? "a jsonl file of texts" : "a jsonl file"
    case .csv, .tsv:
      text != nil ? "a table of texts" : "a series, whose rows are its steps,"
    }
  }
}
