// @ts-check
/** Paints a picture in the colours of labels, which a shader reads from the buffer that they are in. */

const SHADER = /* wgsl */ `
  @group(0) @binding(0) var<storage, read> labels: array<u32>;
  @group(0) @binding(1) var<storage, read> pixels: array<f32>;
  @group(0) @binding(2) var<storage, read> colours: array<vec4f>;
  @group(0) @binding(3) var<storage, read_write> painting: array<u32>;

  @compute @workgroup_size(64) fn paint(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    if (i >= arrayLength(&pixels)) { return; }
    let shade = 0.55 + 0.6 * pixels[i];
    painting[i] = pack4x8unorm(vec4f(colours[labels[i]].rgb * shade, 1.0));
  }`;

/**
 * Red, green, blue and opacity of each pixel, as a canvas takes them.
 *
 * @param {GPUDevice} device that of the labels
 * @param {GPUBuffer} labels
 * @param {Float32Array<ArrayBuffer>} pixels brightness from 0 to 1
 * @param {readonly (readonly number[])[]} colours of labels: red, green, blue from 0 to 1
 */
export async function painted(device, labels, pixels, colours) {
  const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
  const filled = (/** @type {Float32Array<ArrayBuffer>} */ values) => {
    const buffer = device.createBuffer({ size: values.byteLength, usage: STORAGE | COPY_DST });
    device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  };
  const brightness = filled(pixels);
  const palette = filled(Float32Array.from(colours.flatMap((colour) => [...colour, 1])));
  const painting = device.createBuffer({ size: 4 * pixels.length, usage: STORAGE | COPY_SRC });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const entries = [labels, brightness, palette, painting].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(pixels.length / 64));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const values = new Uint8ClampedArray(await readBack(device, painting));
  for (const buffer of [brightness, palette, painting]) buffer.destroy();
  return values;
}

/**
 * The bytes of a buffer on the host.
 *
 * @param {GPUDevice} device
 * @param {GPUBuffer} buffer with the usage COPY_SRC
 */
export async function readBack(device, buffer) {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
