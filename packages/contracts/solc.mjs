#!/usr/bin/env node
// forge speaks to a native solc, which cannot be had from npm; this answers in its place with the solc that can.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

function read(path) {
  try {
    return { contents: readFileSync(path, 'utf8') }
  } catch (error) {
    return { error: error.message }
  }
}

// Warning: forge asks for the version at every command; loading the compiler for that would cost half a second each time.
if (process.argv.includes('--version'))
  console.log(`Version: ${require('solc/package.json').version}+commit.npm.Emscripten.clang`)
else process.stdout.write(require('solc').compile(readFileSync(0, 'utf8'), { import: read }))
