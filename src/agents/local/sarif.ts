import type { Finding, Severity } from '../agent.ts'
import { byPlace } from './review/examine.ts'
import { rules } from './review/rules.ts'

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/**
 * Findings as a SARIF 2.1.0 log, for code scanning services and editors.
 * @param options.version Troupe's own version
 * @returns a plain object to be written as JSON
 */
export function findingsToSarif(findings: readonly Finding[], options: { readonly version: string }): object {
  const sorted = findings.toSorted(byPlace)
  const found = [...new Map(sorted.map((finding) => [finding.rule, finding])).values()]
  const ids = found.map(({ rule }) => rule)
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'troupe', version: options.version, rules: found.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: "The repository's root." } } },
        results: sorted.map((finding) => resultOf(finding, ids.indexOf(finding.rule))),
      },
    ],
  }
}

function ruleOf({ rule, message, severity }: Finding): object {
  const known = Object.values(rules)
    .flat()
    .find(({ id }) => id === rule)
  return {
    id: rule,
    shortDescription: { text: known?.message ?? message },
    defaultConfiguration: { level: known?.severity ?? severity },
    ...(known && { properties: { tags: known.tags } }),
  }
}

function resultOf(finding: Finding, ruleIndex: number): object {
  const level: Severity = finding.severity
  return {
    ruleId: finding.rule,
    ruleIndex,
    level,
    message: { text: finding.message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: finding.file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'SRCROOT' },
          region: regionOf(finding),
        },
      },
    ],
  }
}

function regionOf({ line, column, endLine, endColumn, text }: Finding): object {
  return {
    startLine: line,
    startColumn: column,
    endLine,
    endColumn,
    ...(text !== '' && { snippet: { text } }),
  }
}
