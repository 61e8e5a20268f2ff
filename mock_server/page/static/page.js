"use strict";
// The page shows the JSON of /_fake/overview, /_fake/journal and /_fake/faults, and changes the fake by the same controls.

const find = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const query = new URLSearchParams(location.search);
let overview, journal, faults, since, last, curl;

// -- texts ------------------------------------------------------------------------------------------------------------

const figure = (value) => {
  if (!value) return "0";
  if (Math.abs(value) >= 1e15) return value.toExponential(3);
  if (Math.abs(value) < 0.01) return value.toPrecision(2);
  return value.toLocaleString("en-US", {minimumFractionDigits: 2, maximumFractionDigits: 2});
};
const visible = (value) => {  // a text that is empty or partly invisible is quoted
  const text = String(value);
  const plain = text && text === text.trim() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text) && !text.startsWith('"');
  const shown = plain ? text : JSON.stringify(text);
  return shown.length > 72 ? `${shown.slice(0, 71)}…` : shown;
};
const moment = (text) => text.slice(0, 19).replace("T", " ");
const parse = (text) => {  // ids of 64 bits do not fit into JavaScript's numbers: long ones are kept as texts
  const long = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(text.replace(long, (token) => /^-?\d{16,}$/.test(token) ? `"${token}"` : token));
};

// -- the fake ---------------------------------------------------------------------------------------------------------

const call = async (path, method = "GET", body) => {
  const response = await fetch(path, {method, cache: "no-store", ...(body === undefined ? {} : {body: JSON.stringify(body)})});
  const answer = parse(await response.text());
  if (!response.ok) throw new Error(answer.errorDescription ?? `The fake answers ${response.status}.`);
  return answer;
};
const report = (problem) => {
  find("problem").hidden = !problem;
  find("problem").textContent = problem ? problem.message : "";
};
const change = async (path, method, body) => {
  try {
    await call(path, method, body);
    report();
    await show();
  } catch (problem) {
    report(problem);
  }
};

// -- the world --------------------------------------------------------------------------------------------------------

const link = (changes) => {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) value === null ? next.delete(name) : next.set(name, value);
  next.delete("get");
  return `/${String(next) && `?${next}`}`;
};
const organization = (id) => make("a", {href: `${link({org: id})}#usage`}, String(id));
const table = (element, head, rows) => {
  const cells = (tag, row) => row.map(([content, name]) => make(tag, {...(name ? {class: name} : {}), ...(tag === "th" ? {scope: "col"} : {})}, content));
  element.replaceChildren(
    make("thead", {}, make("tr", {}, ...cells("th", head))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row)))),
  );
};
const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const roundUp = (value) => {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((step) => step * power >= value * 0.999999);
};

const showChart = () => {
  const {days, shown} = overview;
  const totals = days.map((_, at) => shown.reduce((sum, each) => sum + each.credits_by_day[at], 0));
  const all = totals.reduce((sum, each) => sum + each, 0);
  const top = roundUp(Math.max(...totals));
  const gap = days.length > 100 ? 0.4 : 1.6;
  const rest = `credits in ${days.length} days`;
  const chart = find("chart");
  find("total").textContent = figure(all);
  find("readout").textContent = rest;
  find("chart-title").textContent = `Credits by day from ${days[0]} to ${days.at(-1)}: ${figure(all)} in all, at most ${figure(Math.max(...totals))} a day`;
  chart.setAttribute("viewBox", `0 0 ${days.length * 10} 100`);
  chart.replaceChildren(find("chart-title"), svg("path", {class: "grid", d: [0, 25, 50, 75].map((y) => `M0 ${y}h${days.length * 10}`).join("")}));
  const base = days.map(() => 0);
  shown.forEach((each, number) => {
    const d = each.credits_by_day.map((amount, at) => {
      const from = 100 - base[at] / top * 100;
      base[at] += Math.max(0, amount);
      return amount > 0 ? `M${at * 10 + gap} ${from}V${100 - base[at] / top * 100}h${10 - 2 * gap}V${from}z` : "";
    });
    chart.append(svg("path", {class: `s${number}`, d: d.join("")}));
  });
  chart.append(svg("path", {class: "floor", d: `M0 100h${days.length * 10}`}));
  days.forEach((day, at) => {
    const area = svg("rect", {class: "day", x: at * 10, width: 10, height: 100});
    area.addEventListener("pointerenter", () => (find("readout").textContent = `${day}: ${figure(totals[at])} credits`));
    area.addEventListener("pointerleave", () => (find("readout").textContent = rest));
    chart.append(area);
  });
  find("ticks").replaceChildren(...[4, 3, 2, 1, 0].map((share) => make("span", {}, share ? Number((top * share / 4).toPrecision(3)).toLocaleString("en-US") : "0")));
  find("dates").replaceChildren(...[0, 1, 2, 3, 4].map((share) => make("span", {}, days[Math.floor(share * (days.length - 1) / 4)].slice(5))));
  const current = query.get("days") ?? "30";
  find("periods").replaceChildren(...["30", "90", "365"].map((each) => make("a", {href: `${link({days: each})}#usage`, ...(each === current ? {"aria-current": "true"} : {})}, `${each} days`)));
  table(find("by-day"), [["Day"], ...shown.map((each) => [`Organization ${each.id}`]), ["Together"]], days.map((day, at) => [[day], ...shown.map((each) => [figure(each.credits_by_day[at])]), [figure(totals[at])]]).reverse());
};

const showOrganizations = () => {
  const {organizations, shown, default_organization: own} = overview;
  const one = query.get("org");
  const first = organizations.slice(0, 6);
  const listed = one === null || first.some((id) => String(id) === one) ? first : [...first, one];
  const name = organizations.length > 6 ? "The first 6" : "All";
  find("legend").replaceChildren(
    make("a", {href: `${link({org: null})}#usage`, ...(one === null ? {"aria-current": "true"} : {})}, name),
    ...listed.map((id, at) => {
      const chosen = String(id) === one;
      const square = make("i", one === null ? {class: `s${at}`} : chosen ? {class: "s0"} : {});
      return make("a", {href: `${link({org: id})}#usage`, ...(chosen ? {"aria-current": "true"} : {})}, square, String(id));
    }),
  );
  find("legend").hidden = organizations.length < 2;
  find("other").hidden = organizations.length <= 6;
  find("ids").replaceChildren(...organizations.map((id) => make("option", {value: id})));
  find("organization-list").hidden = !shown.length;
  table(find("organization-list"), [["Id"], [""], ["Credits this month", "number"]], shown.map((each) => [
    [organization(each.id)],
    [String(each.id) === String(own) ? make("span", {class: "pill"}, "own") : ""],
    [figure(each.credits_this_month), "number"],
  ]));
  const rest = organizations.filter((id) => !shown.some((each) => String(each.id) === String(id)));
  find("all-organizations").replaceChildren(...(!organizations.length ? ["There are none yet: the world is empty."] : rest.length ? ["Others: ", ...rest.flatMap((id, at) => [at ? ", " : "", organization(id)])] : []));
  find("models").hidden = find("to-models").hidden = !overview.models.length;
  table(find("model-list"), [["Model"], ["Price", "number"], ["Organizations"]], overview.models.map((model) => [
    [make("code", {}, make("bdi", {}, visible(model.id))), "id"],
    [model.input_rate || model.output_rate ? `${model.input_rate} / ${model.output_rate}` : "–", "number"],
    [make("span", {}, ...model.organizations.flatMap((id, at) => [at ? ", " : "", organization(id)]))],
  ]));
};

const showRecords = () => {
  find("no-records").hidden = overview.llm.length + overview.matching.length > 0;
  const lists = [["LLM usage", "/usage/llm", overview.llm], ["Matching usage", "/usage/matching", overview.matching]];
  find("record-lists").replaceChildren(...lists.filter(([, , records]) => records.length).flatMap(([name, path, records]) => {
    const body = make("table");
    const kind = (field) => field === "modelId" ? "id" : ["task", "runCreatedAt"].includes(field) ? "" : "number";
    table(body, Object.keys(records[0]).map((field) => [field, kind(field)]), records.map((record) => Object.entries(record).map(([field, value]) => {
      if (field === "id") return [make("a", {href: `/?get=${encodeURIComponent(`/usage/llm/${value}`)}`, "data-get": `/usage/llm/${value}`}, String(value)), "number"];
      if (field === "organizationId") return [organization(value), "number"];
      if (field === "runCreatedAt") return [make("time", {datetime: value}, moment(value)), ""];
      return [field === "modelId" ? make("code", {}, make("bdi", {}, visible(value))) : visible(value), kind(field)];
    })));
    const region = make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": name}, body);
    return [make("h3", {}, `${name} `, make("code", {class: "soft"}, `GET ${path}`)), region];
  }));
};

const showFacts = (health) => {
  const base = location.origin;
  const key = overview.keys ? "'<one of those given by --api-key>'" : "any-key-will-do";
  document.title = `Fake /usage at ${location.host}`;
  find("version").textContent = health.version;
  find("base").textContent = base;
  find("exports").textContent = `export CIVIS_API_ENDPOINT=${base}\nexport CIVIS_API_KEY=${key}`;
  find("try").textContent = `curl -u ${overview.keys ? "KEY" : key}: ${base}/usage/llm`;
  find("world").textContent = overview.generated ? `seed ${health.seed}, ${health.profile}` : "your records alone";
  find("since").textContent = overview.generated ? overview.since : "–";
  find("keys").textContent = overview.keys ? "only those it was given" : "any is accepted";
  find("limit").textContent = overview.rate_limit ?? "counted, not enforced";
  const answers = overview.behavior.map((each) => make("dd", {}, make("code", {}, `${each.id}=${each.answer}`), " ", make("span", {class: "soft"}, `${each.question} ${each.meaning}`)));
  find("behavior").hidden = !answers.length;
  find("behavior").replaceChildren(find("behavior").firstElementChild, ...answers);
};

// -- clock, faults and calls ------------------------------------------------------------------------------------------

const showClock = (clock) => {
  since = {now: Date.parse(clock.now), at: performance.now(), pinned: clock.pinned};
  find("clock-state").textContent = clock.pinned ? "pinned" : overview.moved ? "moved" : "real time";
  find("clock-state").classList.toggle("on", overview.moved);
  find("release").disabled = !overview.moved;
  if (document.activeElement !== find("pin")) find("pin").value = clock.now.slice(0, 19);
  tick();
};
const tick = () => {
  if (!since) return;
  const now = new Date(since.now + (since.pinned ? 0 : performance.now() - since.at));
  find("now").textContent = moment(now.toISOString());
  find("now").setAttribute("datetime", now.toISOString());
};

const PRESETS = [
  ["Rate limited", "429 and Retry-After: 1, twice", "first=2 status=429 retry-after=1"],
  ["Unavailable", "503 to every third request", "every=3 status=503"],
  ["Broken", "500 to every request", "status=500"],
  ["Slow", "half a second to two", "latency=0.5-2"],
  ["Hangs up", "every other request gets no response", "every=2 disconnect"],
  ["Cut short", "half a body, then nothing", "truncate"],
  ["Not JSON", "a body that cannot be parsed", "malformed"],
  ["Null credits", "null where a number belongs", "null=credits"],
];
const showFaults = () => {
  find("presets").replaceChildren(...PRESETS.map(([name, what, rule]) => {
    const active = faults.faults.find((each) => each.rule === rule);
    const button = make("button", {type: "button", class: "switch", "aria-pressed": String(Boolean(active))}, make("span", {}, name), make("small", {}, what));
    button.addEventListener("click", () => active ? change(`/_fake/faults/${active.id}`, "DELETE") : change("/_fake/faults", "POST", rule));
    return button;
  }));
  find("fault-list").replaceChildren(...faults.faults.map((each) => {
    const done = each.fired ? `acted on ${each.fired} of ${each.matched} calls` : each.matched ? `has not acted yet on ${each.matched} calls` : "met no call yet";
    const button = make("button", {type: "button", class: "small", "aria-label": `Remove ${each.rule}`}, "Remove");
    button.addEventListener("click", () => change(`/_fake/faults/${each.id}`, "DELETE"));
    return make("li", {}, make("span", {}, make("code", {}, each.rule), make("small", {}, done)), button);
  }));
  find("clear").hidden = faults.faults.length < 2;
};

const IN_PATH = {get_llm: "id", get_llm_organization_summary: "org_id"};
const address = (each) => {
  const given = Object.entries(each.parameters).filter(([name]) => name !== IN_PATH[each.operation]);
  return `${each.path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
};
const showCalls = () => {
  const calls = [...journal.calls].reverse();
  last = calls[0]?.number ?? 0;
  find("no-calls").hidden = calls.length > 0;
  find("call-list").hidden = !calls.length;
  find("more-calls").replaceChildren(...(journal.remembered > calls.length ? [`The last ${calls.length} of ${journal.remembered.toLocaleString("en-US")}; all of them at `, make("a", {href: "/_fake/journal"}, "/_fake/journal"), "."] : []));
  table(find("call-list"), [["At"], ["Call"], ["Response"], ["ms", "number"], [""]], calls.map((each) => {
    const parameters = Object.entries(each.parameters).flatMap(([name, value]) => [" ", make("code", {}, make("span", {class: "soft"}, `${visible(name)}=`), make("bdi", {}, visible(value)))]);
    const fault = each.fault ? [make("br"), make("span", {class: "soft"}, "fault "), make("code", {}, each.fault)] : [];
    const quality = each.status === null || each.status >= 500 ? "bad" : each.status >= 400 ? "poor" : "good";
    const again = make("button", {type: "button", class: "small", "aria-label": `Repeat ${each.method} ${each.path}`}, "Repeat");
    again.addEventListener("click", () => inspect(address(each)));
    return [
      [make("time", {datetime: each.at, title: `${moment(each.at)} UTC`}, each.at.slice(11, 19))],
      [make("span", {}, make("b", {}, visible(each.operation ?? `${each.method} ${each.path}`)), ...parameters, ...fault)],
      [make("span", {class: `status ${quality}`}, each.status === null ? "none" : String(each.status))],
      [each.duration.toFixed(1), "number"],
      [each.method === "GET" && each.path.startsWith("/") ? again : ""],
    ];
  }));
};

// -- one request ------------------------------------------------------------------------------------------------------

const inspect = async (path) => {
  const key = find("key").value || (overview?.keys ? "" : "any-key-will-do");
  curl = {textContent: `curl -i -u "$CIVIS_API_KEY:" '${location.origin}${path.replaceAll("'", "%27")}'`};
  find("inspector").hidden = false;
  find("inspector").dataset.path = path;
  find("request").textContent = `GET ${path}`;
  find("key-form").hidden = Boolean(key);
  for (const id of ["status", "headers", "body"]) find(id).textContent = "";
  find("inspector").scrollIntoView({block: "start"});
  find("inspector").focus({preventScroll: true});
  if (!key) return;
  try {
    const response = await fetch(path, {headers: {Authorization: `Bearer ${key}`, Accept: "application/json"}, cache: "no-store"});
    const text = await response.text();
    find("status").textContent = `${response.status} ${response.statusText}`;
    find("status").className = `status ${response.ok ? "good" : response.status < 500 ? "poor" : "bad"}`;
    const sent = [`GET ${path} HTTP/1.1`, `Host: ${location.host}`, "Authorization: Bearer ***", "Accept: application/json"];
    find("headers").textContent = [...sent, "", `HTTP/1.1 ${response.status} ${response.statusText}`, ...[...response.headers].map(([name, value]) => `${name}: ${value}`)].join("\n");
    const shown = text.replace(/\{"/g, '\n{"').trim();
    find("body").textContent = shown.length > 20000 ? `${shown.slice(0, 20000)}\n… ${text.length.toLocaleString("en-US")} characters in all` : shown;
    if (response.status === 401) find("key-form").hidden = false;
  } catch (problem) {
    find("status").textContent = `no response (${problem.message})`;
    find("status").className = "status bad";
  }
  look();
};

// -- the whole --------------------------------------------------------------------------------------------------------

const show = async () => {
  const asked = new URLSearchParams([...query].filter(([name]) => ["org", "days"].includes(name)));
  let health, clock;
  [health, clock, journal, faults, overview] = await Promise.all([
    call("/_fake/health"), call("/_fake/clock"), call("/_fake/journal?limit=25"), call("/_fake/faults"),
    call(`/_fake/overview?${asked}`).catch((problem) => {  // an organization that is not there: the others are shown
      report(problem);
      query.delete("org");
      query.delete("days");
      return call("/_fake/overview");
    }),
  ]);
  showFacts(health);
  showChart();
  showOrganizations();
  showRecords();
  showClock(clock);
  showFaults();
  showCalls();
};
const look = async () => {
  if (document.hidden || find("pause").getAttribute("aria-pressed") === "true") return;
  const live = find("live");
  try {
    const {calls: [newest]} = await call("/_fake/journal?limit=1");
    if ((newest?.number ?? 0) !== last) {
      [journal, faults] = await Promise.all([call("/_fake/journal?limit=25"), call("/_fake/faults")]);
      showCalls();
      if (!find("faults").contains(document.activeElement)) showFaults();
    }
    live.textContent = "live";
    live.classList.remove("lost");
  } catch {
    live.textContent = "the fake does not answer";
    live.classList.add("lost");
  }
};
const watch = async () => {
  await look();
  setTimeout(watch, find("live").classList.contains("lost") ? 10000 : 1500);
};

const on = (id, event, act) => find(id).addEventListener(event, (happened) => {
  happened.preventDefault();
  act(happened);
});
const copy = async (element, button) => {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(element.textContent.trim());
  } catch {  // no permission, or no secure context: as a user would
    const text = document.body.appendChild(make("textarea"));
    text.value = element.textContent.trim();
    text.select();
    document.execCommand("copy");
    text.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
};

for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(find(button.dataset.copy), button));
for (const button of document.querySelectorAll("[data-move]")) button.addEventListener("click", () => change("/_fake/clock", "POST", {move: Number(button.dataset.move)}));
on("curl", "click", () => copy(curl, find("curl")));
on("close", "click", () => (find("inspector").hidden = true));
on("key-form", "submit", () => inspect(find("inspector").dataset.path));
on("other", "submit", () => (location.href = `${link({org: find("org").value.trim()})}#usage`));
on("pin-form", "submit", () => change("/_fake/clock", "POST", {pin: `${find("pin").value}${find("pin").value.length === 16 ? ":00" : ""}Z`}));
on("month-end", "click", () => {
  const now = new Date(since.now);
  const end = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - 1000);
  change("/_fake/clock", "POST", {pin: end.toISOString()});
});
on("release", "click", () => change("/_fake/clock", "DELETE"));
on("fault-form", "submit", () => change("/_fake/faults", "POST", find("fault").value));
on("clear", "click", () => change("/_fake/faults", "DELETE"));
on("forget", "click", () => change("/_fake/journal", "DELETE"));
on("reset-all", "click", () => change("/_fake/reset", "POST"));
on("pause", "click", () => {
  const paused = find("pause").getAttribute("aria-pressed") !== "true";
  find("pause").setAttribute("aria-pressed", String(paused));
  find("live").textContent = paused ? "paused" : "live";
  if (!paused) look();
});
document.addEventListener("click", (event) => {
  const path = event.target.closest?.("[data-get]")?.dataset.get;
  if (!path || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  inspect(path);
});
document.addEventListener("visibilitychange", look);
setInterval(tick, 1000);
show().then(() => {
  const path = query.get("get");
  if (path?.startsWith("/usage/")) inspect(path);
  setTimeout(watch, 1500);
}, report);
