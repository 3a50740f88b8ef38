// Runs the calls of calls.ts against a server: steps on standard input, what each returned or threw on standard output.

import { readFileSync } from "node:fs";
import axios from "axios";
import ts from "typescript";

const source = readFileSync(new URL("calls.ts", import.meta.url), "utf8");
const names = [...source.matchAll(/^const (\w+) = async/gm)].map(([, name]) => name);
const { outputText } = ts.transpileModule(source, { compilerOptions: { target: "ES2022", module: "ESNext" } });
const calls = new Function("axios", `${outputText}\nreturn { ${names.join(", ")} };`)(axios);

const { address, steps } = JSON.parse(readFileSync(0, "utf8"));
axios.defaults.baseURL = `${address}/api`;
axios.defaults.timeout = 20_000;
const answers = [];
for (const { token, call, args } of steps) {
    axios.defaults.headers.common.Authorization = token === null ? undefined : `Bearer ${token}`;
    try {
        answers.push({ data: await calls[call](...args) });
    } catch (error) {
        answers.push({ status: error.response?.status ?? null, data: error.response?.data ?? String(error) });
    }
}
process.stdout.write(JSON.stringify(answers));
