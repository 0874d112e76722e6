// Tells Pi where its providers are found while reenact records or replays it. Loaded by `pi --extension`.
export default function (pi) {
  for (const [name, baseUrl] of Object.entries(JSON.parse(process.env.REENACT_PROVIDERS || "{}"))) {
    pi.registerProvider(name, { baseUrl });
  }
}
