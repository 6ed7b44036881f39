// Finds a Chromium for the browser tests, or installs one. `node scripts/find-chromium.mjs` prints its path.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';

/** A browser that has not shown an empty page after this long will not run a test either. */
const START_TIMEOUT_MS = 60_000;
/** About 180 MB on a slow line; a refused connection ends much sooner. */
const DOWNLOAD_TIMEOUT_MS = 600_000;
const CONNECTION_TIMEOUT_MS = 10_000;

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

const say = (text) => process.stderr.write(`${text}\n`);

/** Whether a browser starts at all: a download can lack the system libraries it needs, a snap stub its snap. */
function starts(path) {
  const profile = mkdtempSync(join(tmpdir(), 'heliograph-chromium-'));
  try {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    const result = spawnSync(path, [...flags, `--user-data-dir=${profile}`, '--dump-dom', 'about:blank'], {
      timeout: START_TIMEOUT_MS,
      encoding: 'utf8',
    });
    return result.status === 0 && result.stdout.includes('<html>');
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

function onSystem() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  const candidates = COMMANDS.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...APPLICATIONS].filter((path) => existsSync(path)).find(starts);
}

function playwrightsOwn() {
  const path = chromium.executablePath();
  return existsSync(path) && starts(path) ? path : undefined;
}

function run(command, args, env = {}) {
  return spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    timeout: DOWNLOAD_TIMEOUT_MS,
    env: { ...process.env, ...env },
  });
}

/** The command prefix that makes us root without a question, or null where there is none. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null;
}

function downloadPlaywrights() {
  say('No Chromium found: downloading Playwright’s own …');
  const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
  run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], {
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: String(CONNECTION_TIMEOUT_MS),
  });
  if (!existsSync(chromium.executablePath())) return undefined;
  const path = playwrightsOwn();
  if (path !== undefined) return path;
  if (process.platform === 'linux' && rootPrefix() !== null) run(process.execPath, [cli, 'install-deps', 'chromium']);
  return playwrightsOwn();
}

function installSystemPackage() {
  const prefix = rootPrefix();
  if (prefix === null || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  say('Installing the system’s package “chromium” …');
  const apt = (...args) => {
    const [command = 'apt-get', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return run(command, rest).status === 0;
  };
  if (!apt('install', '-y', '--no-install-recommends', 'chromium')) {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'chromium');
  }
  return onSystem();
}

/**
 * The path of a Chromium that starts: CHROMIUM_PATH, Playwright's own, the system's, and failing these a download of
 * Playwright's or the system's package.
 * @returns {string}
 */
export function findChromium() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH names ${chosen}, which does not exist.`);
  }
  const path = playwrightsOwn() ?? onSystem() ?? downloadPlaywrights() ?? installSystemPackage();
  if (path !== undefined) return path;
  throw new Error(
    'No Chromium was found and none could be installed. Install Chromium or Chrome and put its path into the environment variable CHROMIUM_PATH.',
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.stdout.write(`${findChromium()}\n`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
