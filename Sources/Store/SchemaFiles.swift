/// A file under `sql/`, embedded in the program.
package struct SchemaFile: Sendable, Hashable {
  /// The file's name, without its ending.
  package let name: String
  /// What the file says.
  package let text: String

  init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// `sql/migrations`, in order. Append only: what was released never changes.
  package static let migrations: [SchemaFile] = [
    SchemaFile("m0001_core", PackageResources.m0001_core_sql),
    SchemaFile("m0002_datasets", PackageResources.m0002_datasets_sql),
    SchemaFile("m0003_sweeps", PackageResources.m0003_sweeps_sql),
    SchemaFile("m0004_queue", PackageResources.m0004_queue_sql),
    SchemaFile("m0005_results", PackageResources.m0005_results_sql),
    SchemaFile("m0006_leases", PackageResources.m0006_leases_sql),
    SchemaFile("m0007_scheduling", PackageResources.m0007_scheduling_sql),
    SchemaFile("m0008_recording", PackageResources.m0008_recording_sql),
  ]

  /// `sql/views`, in the order in which they are applied: again whenever their text changes.
  package static let interface: [SchemaFile] = [
    SchemaFile("data", PackageResources.data_sql),
    SchemaFile("progress", PackageResources.progress_sql),
    SchemaFile("results", PackageResources.results_sql),
    SchemaFile("enqueue", PackageResources.enqueue_sql),
    SchemaFile("control", PackageResources.control_sql),
  ]
}
