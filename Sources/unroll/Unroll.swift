import ArgumentParser
import Glibc
import Orchestration

/// The command `unroll`.
@main
struct Unroll: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unroll",
    abstract: "Hyperparameter sweeps for recurrent networks on PostgreSQL.",
    discussion: """
      A sweep is written in YAML and enqueued; a scheduler makes trials of it, workers train them, and \
      everything about them is in PostgreSQL.

        unroll up                            a scheduler and workers, here
        unroll dataset fetch sms-spam        real data
        unroll enqueue sweep.yaml --watch    a sweep, followed to its end
        unroll leaderboard latest            what came of it
        unroll sql 'select …'                the same, and anything else

      Exit codes: 0 done; 1 what was asked about failed; 2 bad input or set-up, told in one line.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Sweeps",
        subcommands: [
          EnqueueVerb.self, WatchVerb.self, SweepsVerb.self, ShowVerb.self, LeaderboardVerb.self,
          ImportanceVerb.self, ParetoVerb.self, PlotVerb.self, ReplayVerb.self, SweepVerb.self,
          CancelVerb.self,
          PauseVerb.self,
          ResumeVerb.self, RetryVerb.self, SchemaVerb.self, SearchVerb.self,
        ]),
      CommandGroup(
        name: "Trials and models",
        subcommands: [
          TrialVerb.self, WhyVerb.self, GradientsVerb.self, PredictVerb.self, GenerateVerb.self,
          PredictionsVerb.self, MistakesVerb.self, EnsembleVerb.self, PromoteVerb.self,
          ModelsVerb.self, ArtifactVerb.self, ExportVerb.self,
        ]),
      CommandGroup(
        name: "Data", subcommands: [DatasetVerb.self, VectorsVerb.self, WeightsVerb.self]),
      CommandGroup(
        name: "Daemons",
        subcommands: [UpVerb.self, SchedulerVerb.self, WorkerVerb.self, WorkersVerb.self]),
      CommandGroup(
        name: "Database",
        subcommands: [SQLVerb.self, PsqlVerb.self, MigrateVerb.self, DoctorVerb.self]),
      CommandGroup(name: "Machine", subcommands: [BenchVerb.self]),
    ])

  /// The version of the program, which workers register with.
  static let version = "0.1.0"

  static func main() {
    // A reader that has seen enough (`unroll sweeps | head`) is no error.
    signal(SIGPIPE, SIG_IGN)
    var command: any ParsableCommand
    do { try Machine.chooseKernels() } catch { Glibc.exit(ErrorReport.code(error)) }
    do {
      command = try parseAsRoot()
    } catch {
      Glibc.exit(ErrorReport.code(parsing: error))
    }
    do {
      try command.run()
    } catch {
      fflush(nil)
      // A verb that is all about its subcommands asks for help when it is run.
      let isHelp = !(error is ExitCode) && exitCode(for: error) == .success
      Glibc.exit(isHelp ? ErrorReport.code(parsing: error) : ErrorReport.code(error))
    }
    fflush(nil)
    Glibc.exit(0)
  }
}
