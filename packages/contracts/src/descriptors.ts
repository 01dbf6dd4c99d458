/**
 * Where the descriptor set of all proto files lies (google.protobuf.FileDescriptorSet), for those who look at
 * contracts at run time: JSON transcoding, gRPC reflection. `buf build` makes it.
 */
export const descriptorSetUrl: URL = new URL('../gen/parley.binpb', import.meta.url);
