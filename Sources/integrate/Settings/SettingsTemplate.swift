import HTTPCore

/// The settings file that `config init` writes: every setting of every vendor, commented out.
enum SettingsTemplate {
    static var text: String {
        var lines = [
            "// Settings of integrate, as JSON5: comments and trailing commas are allowed.",
            "// From the highest: option, environment, this file, what 'integrate auth login' stored, default.",
            "// A secret is best a reference: { env: \"NAME\" }, { file: \"/run/secrets/x\" } or",
            "// { command: [\"pass\", \"show\", \"x\"] }. A literal secret needs this file's mode to be 0600.",
            "{",
            "  profiles: {",
            "    default: {",
        ]
        for vendor in Vendor.allCases {
            lines.append("      // \(vendor.title)")
            lines.append("      \(vendor.rawValue): {")
            for setting in SettingCatalog.settings(of: vendor) {
                lines.append("        // \(setting.meaning)")
                lines.append("        // \(setting.key): \(example(of: setting)),")
            }
            lines.append("      },")
        }
        lines += ["    },", "  },", "}", ""]
        return lines.joined(separator: "\n")
    }

    private static func example(of setting: SettingSpecification) -> String {
        if setting.isSecret { return "{ env: \"\(setting.environment[0])\" }" }
        if case .integer = setting.kind { return setting.fallback ?? "1" }
        return JSONText.string(setting.fallback ?? "")
    }
}
