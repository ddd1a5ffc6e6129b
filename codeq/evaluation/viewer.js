// The tree viewer of the report. Data: a list of searches in #trees-data, each with its packed tree (viewer.py).
"use strict";
{
const SVG = "http://www.w3.org/2000/svg";
const STEP = {x: 96, y: 48};  // px between depths, and between leaves
const MARKS = {solved: "✓", overfit: "≈", unsolved: "✗", unscored: "?"};
const KINDS = {
  pass: "pass", fail: "fail", error: "error", timeout: "error", oom: "error", output_limit: "error",
  syntax_error: "broken", missing_entry_point: "broken", truncated: "broken",
};
const WORDS = {
  oom: "out of memory", output_limit: "too much output", syntax_error: "no Python",
  missing_entry_point: "no such function", truncated: "cut off",
};

const at = (id) => document.getElementById(id);
const searches = JSON.parse(at("trees-data").textContent);
const alpha = Number(at("trees").dataset.alpha);
const filters = ["policy", "mode", "seed", "outcome"];
let tree = null;  // the open one: its nodes, prompts and the place of the node handed in
let opened = -1;  // its place in `searches`
let chosen = 0;  // the place of the node whose details are shown

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const number = (value, digits = 2) => value === null ? "–" : value.toFixed(digits).replace("-", "−");
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// The list of searches, and the filters above it.

function wanted(search) {
  const words = at("tree-search").value.toLowerCase();
  return `${search.problem_id} ${search.bug_id} ${search.category} ${search.level}`.toLowerCase().includes(words)
    && filters.every((key) => !at(`tree-${key}`).value || String(search[key]) === at(`tree-${key}`).value);
}

function list() {
  const shown = [...searches.keys()].filter((place) => wanted(searches[place]));
  at("tree-list").replaceChildren(...shown.map((place) => {
    const {problem_id, bug_id, category, outcome, rollouts} = searches[place];
    const text = `${MARKS[outcome]} ${problem_id} · ${category} · ${plural(rollouts, "rollout")} · ${bug_id}`;
    return element("option", {value: place}, text);
  }));
  at("tree-count").textContent = `${shown.length} of ${searches.length}`;
  if (shown.length) return open(shown.includes(opened) ? opened : shown[0]);
  opened = -1;
  at("tree").hidden = true;
}

async function open(place) {
  opened = place;
  at("tree-list").value = place;
  const bytes = Uint8Array.from(atob(searches[place].data), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const unpacked = await new Response(stream).json();
  if (opened !== place) return;  // another was picked meanwhile
  tree = unpacked;
  chosen = tree.handed_in ?? 0;
  const {problem_id, bug_id, category, level, samples, outcome, tree_id, policy, mode} = searches[place];
  at("tree-title").textContent = `${problem_id}: ${outcome} by ${policy}, ${mode}`;
  at("tree-about").replaceChildren(
    `${category} bug, ${level}, ${plural(samples, "rewrite")}; `, element("code", {}, bug_id), ", ",
    element("code", {}, tree_id));
  at("tree-others").replaceChildren(...others(place));
  const slider = at("tree-rollout");
  slider.max = Math.max(...tree.nodes.map((node) => node.rollout));
  slider.value = slider.max;
  at("tree").hidden = false;
  draw();
  const picture = at("tree-picture"), {cx, cy} = picture.querySelector(".chosen .body");
  picture.scrollTo(cx.baseVal.value - picture.clientWidth / 2, cy.baseVal.value - picture.clientHeight / 2);
}

// Buttons that lead to other searches for the same bug.
function others(place) {
  const same = [...searches.keys()].filter((other) => searches[other].bug_id === searches[place].bug_id);
  const seeds = new Set(same.map((other) => searches[other].seed)).size;
  return same.map((other) => {
    const {policy, mode, seed, outcome} = searches[other];
    const text = `${MARKS[outcome]} ${policy}, ${mode}${seeds > 1 ? `, seed ${seed}` : ""}`;
    const button = element("button", {type: "button", "aria-pressed": other === place, title: outcome}, text);
    button.addEventListener("click", () => open(other));
    return button;
  });
}

// The tree as it stood after a rollout: what was there, and values as they had been backpropagated by then.

function after(rollout) {
  const state = tree.nodes.map((node) => ({here: node.rollout <= rollout, visits: 0, value: 0}));
  for (let place = tree.nodes.length - 1; place > 0; place--) {
    const node = tree.nodes[place], mine = state[place];
    if (!mine.here) continue;
    mine.visits += 1;
    mine.value += node.reward ?? 0;
    state[node.parent].visits += mine.visits;
    state[node.parent].value += mine.value;
  }
  state.forEach((mine, place) => {
    const score = tree.nodes[place].critic?.score ?? null;
    mine.mean = mine.visits ? mine.value / mine.visits : null;
    mine.q = mine.mean === null || score === null ? mine.mean : alpha * mine.mean + (1 - alpha) * score;
  });
  return state;
}

function pathToRoot(place) {
  const path = [];
  for (let above = place; above !== null; above = tree.nodes[above].parent) path.push(above);
  return path;
}

function draw() {
  const rollout = Number(at("tree-rollout").value), state = after(rollout);
  const fresh = [...tree.nodes.keys()].filter((place) => place && tree.nodes[place].rollout === rollout);
  const path = new Set(fresh.flatMap(pathToRoot));
  const x = (node) => 44 + STEP.x * node.depth, y = (node) => 24 + STEP.y * node.y;
  const edges = [], marks = [];
  tree.nodes.forEach((node, place) => {
    if (!state[place].here) return;
    if (place) {
      const above = tree.nodes[node.parent], middle = (x(above) + x(node)) / 2;
      const d = `M${x(above)} ${y(above)}C${middle} ${y(above)} ${middle} ${y(node)} ${x(node)} ${y(node)}`;
      edges.push(drawn("path", {d, class: path.has(place) ? "edge path" : "edge"}));
    }
    marks.push(mark(place, state[place], x(node), y(node), path.has(place)));
  });
  const width = 88 + STEP.x * Math.max(...tree.nodes.map((node) => node.depth));
  const height = 56 + STEP.y * Math.max(...tree.nodes.map((node) => node.y));
  const picture = drawn("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Search tree"});
  picture.append(...edges, ...marks);
  at("tree-picture").replaceChildren(picture);
  at("tree-step").textContent = said(rollout, fresh);
  at("tree-back").disabled = rollout === 0;
  at("tree-forward").disabled = rollout === Number(at("tree-rollout").max);
  if (!state[chosen].here) chosen = 0;
  picture.querySelector(`[data-place="${chosen}"]`).classList.add("chosen");
  at("tree-node").replaceChildren(...details(chosen, state[chosen]));
}

function mark(place, state, x, y, onPath) {
  const node = tree.nodes[place], kind = place ? KINDS[node.verdict] ?? "unrun" : "root";
  const radius = 7 + Math.min(8, 2 * Math.sqrt(Math.max(0, state.visits - 1)));
  const label = place ? `${number(state.q)} · ${state.visits}` : plural(state.visits, "rewrite");
  const name = `${title(place)}: ${verdict(node)}, Q ${number(state.q)}, ${plural(state.visits, "visit")}`;
  const group = drawn("g", {
    class: `node ${kind}${onPath ? " path" : ""}`, tabindex: 0, role: "button", "aria-label": name, "data-place": place,
  });
  if (place === tree.handed_in) group.append(drawn("circle", {cx: x, cy: y, r: radius + 5, class: "handed-in"}));
  group.append(
    drawn("circle", {cx: x, cy: y, r: radius, class: "body"}), drawn("title", {}, name),
    drawn("text", {x, y: y + radius + 15}, label));
  const choose = () => { chosen = place; draw(); };
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
    at("tree-picture").querySelector(`[data-place="${place}"]`).focus();
  });
  return group;
}

function said(rollout, fresh) {
  if (!rollout) return "Before the first rollout";
  const from = [...new Set(fresh.map((place) => tree.nodes[place].parent))].map(title).join(", ");
  const passing = fresh.filter((place) => tree.nodes[place].reward === 1).length;
  const result = passing ? `${passing} pass${passing === 1 ? "es" : ""}` : "none passes";
  return `Rollout ${rollout} of ${at("tree-rollout").max}: ${plural(fresh.length, "rewrite")} of ${from}; ${result}`;
}

const title = (place) => place ? `node ${place}` : "the bug";
const verdict = (node) => node.verdict === null ? "not run" : WORDS[node.verdict] ?? node.verdict;

// Everything about one node.

function details(place, state) {
  const node = tree.nodes[place];
  const facts = [["visits", state.visits], ["Q", number(state.q, 3)], ["mean reward", number(state.mean, 3)]];
  if (place) facts.unshift(["verdict", verdict(node)], ["rollout", node.rollout], ["depth", node.depth]);
  if (node.critic) facts.push(["critic", number(node.critic.score, 3)]);
  if (place) facts.push(["tokens", node.tokens], ["log-probability", number(node.logprob)], ["reply", node.parse_status]);
  const heading = `${title(place)[0].toUpperCase()}${title(place).slice(1)}`;
  const parts = [
    element("h4", {}, place === tree.handed_in ? `${heading}, handed in` : heading),
    element("dl", {class: "facts"}, ...facts.map(([key, value]) =>
      element("div", {}, element("dt", {}, key), element("dd", {}, String(value))))),
    element("h5", {}, place ? `Changes to ${title(node.parent)}` : "Program"),
    place ? difference(node) : element("pre", {}, node.code),
  ];
  if (place) parts.push(element("h5", {}, "Public tests"), ...tests(node));
  if (node.critic) parts.push(element("h5", {}, "Critic"), ...critique(node.critic));
  if (place) {
    parts.push(
      folded("Program", node.code),
      folded(`Completion (${node.finish_reason === "length" ? "cut off" : "complete"})`, node.completion),
      folded("Prompt", tree.prompts[node.prompt]));
  }
  const seed = node.seed === null ? "" : `, seed ${node.seed}`;
  parts.push(element("p", {class: "note"}, element("code", {}, node.node_id), seed));
  return parts;
}

function difference(node) {
  const before = tree.nodes[node.parent].code.split("\n"), now = node.code.split("\n");
  if (node.diff.every(([kind]) => kind === "equal")) return element("p", {class: "note"}, "No line differs.");
  const line = (kind, sign) => (text) => element("span", {class: kind}, `${sign} ${text}\n`);
  return element("pre", {class: "diff"}, ...node.diff.flatMap(([kind, i1, i2, j1, j2]) => kind === "equal"
    ? now.slice(j1, j2).map(line("same", " "))
    : [...before.slice(i1, i2).map(line("removed", "−")), ...now.slice(j1, j2).map(line("added", "+"))]));
}

function tests(node) {
  const parts = [];
  if (node.same_as !== null) parts.push(element("p", {}, `The same program as ${title(node.same_as)}, run once for both.`));
  if (!node.ran) return [...parts, element("p", {}, `Not run: ${verdict(node)}.`)];
  parts.push(element("p", {}, `${node.passed} of ${node.ran} pass.`));
  parts.push(element("ul", {}, ...node.failed.map(({call, expected, outcome, printed}) => {
    const item = element("li", {}, element("code", {}, call), " must give ", element("code", {}, expected), `, but ${outcome}.`);
    if (printed) item.append(" It printed:", element("pre", {}, printed));
    return item;
  })));
  return parts;
}

function critique({score, correctness, clarity, plausibility, rationale, status}) {
  if (status === "likelihood") return [element("p", {}, `Score ${number(score, 3)}: likelihood of the rewrite.`)];
  if (score === null) return [element("p", {}, "Its reply could not be read.")];
  const parts = `correctness ${number(correctness)}, clarity ${number(clarity)}, plausibility ${number(plausibility)}`;
  const words = element("p", {}, `Score ${number(score)}: ${parts}.`);
  return rationale ? [words, element("blockquote", {}, rationale)] : [words];
}

const folded = (name, text) => element("details", {}, element("summary", {}, name), element("pre", {}, text));

function step(by) {
  at("tree-rollout").value = Number(at("tree-rollout").value) + by;
  draw();
}

at("tree-search").addEventListener("input", list);
filters.forEach((key) => at(`tree-${key}`).addEventListener("change", list));
at("tree-list").addEventListener("change", () => open(Number(at("tree-list").value)));
at("tree-rollout").addEventListener("input", draw);
at("tree-back").addEventListener("click", () => step(-1));
at("tree-forward").addEventListener("click", () => step(1));
list();
}
