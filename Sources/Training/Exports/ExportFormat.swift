/// The forms in which a trained model can be used elsewhere.
public enum ExportFormat: String, Hashable, Sendable, CaseIterable {
  /// The weights with PyTorch's names and layouts, and the plan, the vocabulary and the labels.
  case safetensors
  /// The same, and a file of Python that defines the module and answers as this program does.
  case pytorch
  /// One file for any runtime of ONNX.
  case onnx

  /// The file that has the model's own name.
  public var mainFile: String {
    switch self {
    case .safetensors: Artifact.Name.model
    case .pytorch: "model.py"
    case .onnx: "model.onnx"
    }
  }

  /// The ending of the main file, with its dot.
  public var fileEnding: String { "." + mainFile.split(separator: ".")[1] }
}

/// A file of an export.
public struct ExportedFile: Hashable, Sendable {
  /// Its name, without a folder.
  public let name: String
  /// Its bytes.
  public let bytes: [UInt8]
}

extension ModelExport {
  /// The files of an export, the main one first.
  ///
  /// - Parameters:
  ///   - format: The form.
  ///   - artifacts: The artifacts of the trial, from which the model was read.
  ///   - title: One line that says which model it is.
  /// - Returns: The files, to be written into one folder.
  /// - Throws: ``PlanError`` if the form cannot hold the model.
  public func files(
    _ format: ExportFormat, artifacts: [String: [UInt8]], title: String
  ) throws(PlanError) -> [ExportedFile] {
    func kept(_ names: [String]) -> [ExportedFile] {
      names.compactMap { name in artifacts[name].map { ExportedFile(name: name, bytes: $0) } }
    }
    let names = Artifact.Name.self
    switch format {
    case .onnx: return [ExportedFile(name: format.mainFile, bytes: try onnx())]
    case .safetensors:
      return kept([names.model, names.plan, names.vocabulary, names.labels])
    case .pytorch:
      try checkKnown()
      let script = PyTorchScript(self, title: title).text
      return [ExportedFile(name: format.mainFile, bytes: Array(script.utf8))]
        + kept([names.model, names.plan, names.vocabulary, names.labels])
    }
  }
}
