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
    SchemaFile("m0009_gradients", PackageResources.m0009_gradients_sql),
    SchemaFile("m0010_fairness", PackageResources.m0010_fairness_sql),
    SchemaFile("m0011_legs", PackageResources.m0011_legs_sql),
    SchemaFile("m0012_queue", PackageResources.m0012_queue_sql),
    SchemaFile("m0013_silence", PackageResources.m0013_silence_sql),
    SchemaFile("m0014_population", PackageResources.m0014_population_sql),
    SchemaFile("m0015_predictions", PackageResources.m0015_predictions_sql),
    SchemaFile("m0016_weights", PackageResources.m0016_weights_sql),
    SchemaFile("m0017_claim", PackageResources.m0017_claim_sql),
    SchemaFile("m0018_review", PackageResources.m0018_review_sql),
    SchemaFile("m0019_waiting", PackageResources.m0019_waiting_sql),
    SchemaFile("m0020_refill", PackageResources.m0020_refill_sql),
    SchemaFile("m0021_times", PackageResources.m0021_times_sql),
  ]

  /// `sql/views`, in the order in which they are applied: again whenever their text changes.
  package static let interface: [SchemaFile] = [
    SchemaFile("data", PackageResources.data_sql),
    SchemaFile("progress", PackageResources.progress_sql),
    SchemaFile("results", PackageResources.results_sql),
    SchemaFile("gradients", PackageResources.gradients_sql),
    SchemaFile("search", PackageResources.search_sql),
    SchemaFile("alerts", PackageResources.alerts_sql),
    SchemaFile("importance", PackageResources.importance_sql),
    SchemaFile("enqueue", PackageResources.enqueue_sql),
    SchemaFile("control", PackageResources.control_sql),
    SchemaFile("predictions", PackageResources.predictions_sql),
    SchemaFile("models", PackageResources.models_sql),
  ]

  /// `sql/queries`: questions that people ask, the question in the first line.
  package static let queries: [SchemaFile] = [
    SchemaFile("best_per_cell", PackageResources.best_per_cell_sql),
    SchemaFile("best_trials", PackageResources.best_trials_sql),
    SchemaFile("better_than_baseline", PackageResources.better_than_baseline_sql),
    SchemaFile("busy_workers", PackageResources.busy_workers_sql),
    SchemaFile("confusion_of_the_best", PackageResources.confusion_of_the_best_sql),
    SchemaFile("curves_of_the_best", PackageResources.curves_of_the_best_sql),
    SchemaFile("diverged", PackageResources.diverged_sql),
    SchemaFile("failed_workers", PackageResources.failed_workers_sql),
    SchemaFile("hidden_size", PackageResources.hidden_size_sql),
    SchemaFile("long_memory", PackageResources.long_memory_sql),
    SchemaFile("most_confident_mistakes", PackageResources.most_confident_mistakes_sql),
    SchemaFile("over_seeds", PackageResources.over_seeds_sql),
    SchemaFile("overfitting", PackageResources.overfitting_sql),
    SchemaFile("params_and_objective", PackageResources.params_and_objective_sql),
    SchemaFile("progress_of_sweeps", PackageResources.progress_of_sweeps_sql),
    SchemaFile("residuals_over_time", PackageResources.residuals_over_time_sql),
    SchemaFile("resumed", PackageResources.resumed_sql),
    SchemaFile("retries", PackageResources.retries_sql),
    SchemaFile("sooner_is_enough", PackageResources.sooner_is_enough_sql),
    SchemaFile("time_per_cell", PackageResources.time_per_cell_sql),
    SchemaFile("vanishing", PackageResources.vanishing_sql),
    SchemaFile("what_matters", PackageResources.what_matters_sql),
    SchemaFile("worst_classes", PackageResources.worst_classes_sql),
  ]
}
