// node scripts/count-tests.mjs STATUS REPORT…: sums the reports of Vitest, Playwright (JSON) and pytest (JUnit XML) and
// ends with the line “N passed, M failed”. Exits with 1 where something failed: a missing report, or a STATUS other than
// 0 that no failed test explains (a formatter, a type), counts as one failure.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

function count(path) {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.xml')) {
    const number = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
    const failed = number('failures') + number('errors');
    return { passed: number('tests') - failed - number('skipped'), failed };
  }
  const report = JSON.parse(text);
  if (report.stats !== undefined) {
    // Playwright: a test that fails to load is an error without a count.
    return { passed: report.stats.expected, failed: report.stats.unexpected + report.stats.flaky + report.errors.length };
  }
  // Vitest: a file that does not load is a failed suite without a failed test.
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
}

const [status, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const path of reports) {
  if (!existsSync(path)) {
    console.log(`${basename(path)}: no report`);
    failed += 1;
    continue;
  }
  const part = count(path);
  console.log(`${basename(path)}: ${part.passed} passed, ${part.failed} failed`);
  passed += part.passed;
  failed += part.failed;
}
if (status !== '0' && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
