import ArgumentParser

struct DatasetVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Get, import, generate, list and remove datasets.",
    discussion: """
      A dataset lives in the database, in one version for each content; workers fetch it from there.

        unroll dataset fetch sms-spam
        unroll dataset import messages.tsv --name mine --format tsv --label 1 --text 2
        unroll dataset generate temporal-order --length 100 --count 4000 --seed 1
      """,
    subcommands: [
      DatasetFetchVerb.self, DatasetImportVerb.self, DatasetGenerateVerb.self,
      DatasetListVerb.self, DatasetShowVerb.self, DatasetRemoveVerb.self,
    ])
}
