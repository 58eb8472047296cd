import type { Bytes, SectorSizeName } from '#core';
import type { CircuitKind } from './circuit-kind.ts';

/** A file as Filecoin publishes it. */
export interface Published {
  /** What it is fetched by, from an IPFS gateway. */
  readonly cid: string;
  /** The first 16 bytes of its BLAKE2b-512, in hexadecimal. */
  readonly digest: string;
  /** Where the circuit's size is known here; any parameters of the circuit have it. */
  readonly bytes?: Bytes;
}

export interface PublishedSet {
  readonly size: SectorSizeName;
  readonly kind: CircuitKind;
  /** The circuit's identifier, which names the files. */
  readonly id: string;
  readonly params: Published;
  readonly vk: Published;
}

/** The version of the circuits, with which every file name begins. */
export const CIRCUITS_VERSION = 'v28';

/**
 * The parameters of Filecoin's trusted set-up. Source: `parameters.json` and `srs-inner-product.json` of the crate
 * storage-proofs-core 19.1.0; which circuit each identifier stands for, and that every one is in that list, is
 * checked by the tests of `sealer/paramgen`.
 */
export const PUBLISHED_SETS: readonly PublishedSet[] = [
  {
    size: '2KiB',
    kind: 'porep',
    id: 'stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f',
    params: {
      cid: 'QmWceMgnWYLopMuM4AoGMvGEau7tNe5UK83XFjH5V9B17h',
      digest: '434fb1338ecfaf0f59256f30dde4968f',
      bytes: 1_114_707_768,
    },
    vk: {
      cid: 'QmamahpFCstMUqHi2qGtVoDnRrsXhid86qsfvoyCTKJqHr',
      digest: 'dc1ade9929ade1708238f155343044ac',
      bytes: 4_708,
    },
  },
  {
    size: '2KiB',
    kind: 'winning-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-3ea05428c9d11689f23529cde32fd30aabd50f7d2c93657c1d3650bca3e8ea9e',
    params: {
      cid: 'QmcSTqDcFVLGGVYz1njhUZ7B6fkKtBumsLUwx4nkh22TzS',
      digest: '82c88066be968bb550a05e30ff6c2413',
      bytes: 47_299_128,
    },
    vk: {
      cid: 'QmSTCXF2ipGA3f6muVo6kHc2URSx6PzZxGUqu7uykaH5KU',
      digest: 'ffd79788d614d27919ae5bd2d94eacb6',
      bytes: 13_636,
    },
  },
  {
    size: '2KiB',
    kind: 'window-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0170db1f394b35d995252228ee359194b13199d259380541dc529fb0099096b0',
    params: {
      cid: 'QmVxjFRyhmyQaZEtCh7nk2abc7LhFkzhnRX4rcHqCCpikR',
      digest: '7610b9f82bfc88405b7a832b651ce2f6',
      bytes: 11_501_496,
    },
    vk: {
      cid: 'QmcS5JZs8X3TdtkEBpHAdUYjdNDqcL7fWQFtQz69mpnu2X',
      digest: '0e0958009936b9d5e515ec97b8cb792d',
      bytes: 3_076,
    },
  },
  {
    size: '2KiB',
    kind: 'empty-sector-update',
    id: 'empty-sector-update-merkletree-poseidon_hasher-8-0-0-fb9e095bebdd77511c0269b967b4d87ba8b8a525edaa0e165de23ba454510194',
    params: {
      cid: 'QmYM6Hg7mjmvA3ZHTsqkss1fkdyDju5dDmLiBZGJ5pz9y9',
      digest: '311f92a3e75036ced01b1c0025f1fa0c',
      bytes: 655_789_464,
    },
    vk: {
      cid: 'QmaQsTLL3nc5dw6wAvaioJSBfd1jhQrA2o6ucFf7XeV74P',
      digest: 'eadad9784969890d30f2749708c79771',
      bytes: 1_348,
    },
  },
  {
    size: '8MiB',
    kind: 'porep',
    id: 'stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb',
    params: {
      cid: 'QmPXAPPuQtuQz7Zz3MHMAMEtsYwqM1o9H1csPLeiMUQwZH',
      digest: '09e612e4eeb7a0eb95679a88404f960c',
      bytes: 1_429_027_896,
    },
    vk: {
      cid: 'QmYCuipFyvVW1GojdMrjK1JnMobXtT4zRCZs1CGxjizs99',
      digest: 'b687beb9adbd9dabe265a7e3620813e4',
      bytes: 4_708,
    },
  },
  {
    size: '8MiB',
    kind: 'winning-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-50c7368dea9593ed0989e70974d28024efa9d156d585b7eea1be22b2e753f331',
    params: {
      cid: 'QmU9SBzJNrcjRFDiFc4GcApqdApN6z9X7MpUr66mJ2kAJP',
      digest: '700171ecf7334e3199437c930676af82',
      bytes: 113_383_224,
    },
    vk: {
      cid: 'QmbmUMa3TbbW3X5kFhExs6WgC4KeWT18YivaVmXDkB6ANG',
      digest: '79ebb55f56fda427743e35053edad8fc',
      bytes: 13_636,
    },
  },
  {
    size: '8MiB',
    kind: 'window-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-5294475db5237a2e83c3e52fd6c2b03859a1831d45ed08c4f35dbf9a803165a9',
    params: {
      cid: 'QmdNEL2RtqL52GQNuj8uz6mVj5Z34NVnbaJ1yMyh1oXtBx',
      digest: 'c49499bb76a0762884896f9683403f55',
      bytes: 30_859_704,
    },
    vk: {
      cid: 'QmUiVYCQUgr6Y13pZFr8acWpSM4xvTXUdcvGmxyuHbKhsc',
      digest: '34d4feeacd9abf788d69ef1bb4d8fd00',
      bytes: 3_076,
    },
  },
  {
    size: '8MiB',
    kind: 'empty-sector-update',
    id: 'empty-sector-update-merkletree-poseidon_hasher-8-0-0-92180959e1918d26350b8e6cfe217bbdd0a2d8de51ebec269078b364b715ad63',
    params: {
      cid: 'QmQiT4qBGodrVNEgVTDXxBNDdPbaD8Ag7Sx3ZTq1zHX79S',
      digest: '5aedd2cf3e5c0a15623d56a1b43110ad',
    },
    vk: { cid: 'QmdcpKUQvHM8RFRVKbk1yHfEqMcBzhtFWKRp9SNEmWq37i', digest: 'abd80269054d391a734febdac0d2e687' },
  },
  {
    size: '512MiB',
    kind: 'porep',
    id: 'stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472',
    params: {
      cid: 'QmYBpTt7LWNAWr1JXThV5VxX7wsQFLd1PHrGYVbrU1EZjC',
      digest: '6c77597eb91ab936c1cef4cf19eba1b3',
    },
    vk: { cid: 'QmWionkqH2B6TXivzBSQeSyBxojaiAFbzhjtwYRrfwd8nH', digest: '065179da19fbe515507267677f02823e' },
  },
  {
    size: '512MiB',
    kind: 'winning-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-7d739b8cf60f1b0709eeebee7730e297683552e4b69cab6984ec0285663c5781',
    params: {
      cid: 'QmVgCsJFRXKLuuUhT3aMYwKVGNA9rDeR6DCrs7cAe8riBT',
      digest: '827359440349fe8f5a016e7598993b79',
    },
    vk: { cid: 'QmfA31fbCWojSmhSGvvfxmxaYCpMoXP95zEQ9sLvBGHNaN', digest: 'bd2cd62f65c1ab84f19ca27e97b7c731' },
  },
  {
    size: '512MiB',
    kind: 'window-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0cfb4f178bbb71cf2ecfcd42accce558b27199ab4fb59cb78f2483fe21ef36d9',
    params: {
      cid: 'QmUiRx71uxfmUE8V3H9sWAsAXoM88KR4eo1ByvvcFNeTLR',
      digest: '1a7d4a9c8a502a497ed92a54366af33f',
    },
    vk: { cid: 'QmfCeddjFpWtavzfEzZpJfzSajGNwfL4RjFXWAvA9TSnTV', digest: '4dae975de4f011f101f5a2f86d1daaba' },
  },
  {
    size: '512MiB',
    kind: 'empty-sector-update',
    id: 'empty-sector-update-merkletree-poseidon_hasher-8-0-0-61fa69f38b9cc771ba27b670124714b4ea77fbeae05e377fb859c4a43b73a30c',
    params: {
      cid: 'Qma5WL6abSqYg9uUQAZ3EHS286bsNsha7oAGsJBD48Bq2q',
      digest: 'c3ad7bb549470b82ad52ed070aebb4f4',
    },
    vk: { cid: 'QmUa7f9JtJMsqJJ3s3ZXk6WyF4xJLE8FiqYskZGgk8GCDv', digest: '994c5b7d450ca9da348c910689f2dc7f' },
  },
  {
    size: '32GiB',
    kind: 'porep',
    id: 'stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820',
    params: {
      cid: 'QmengpM684XLQfG8754ToonszgEg2bQeAGUan5uXTHUQzJ',
      digest: '6a388072a518cf46ebd661f5cc46900a',
    },
    vk: { cid: 'Qmf93EMrADXAK6CyiSfE8xx45fkMfR3uzKEPCvZC1n2kzb', digest: '0c7b4aac1c40fdb7eb82bc355b41addf' },
  },
  {
    size: '32GiB',
    kind: 'winning-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-559e581f022bb4e4ec6e719e563bf0e026ad6de42e56c18714a2c692b1b88d7e',
    params: {
      cid: 'Qmdtczp7p4wrbDofmHdGhiixn9irAcN77mV9AEHZBaTt1i',
      digest: 'd84f79a16fe40e9e25a36e2107bb1ba0',
    },
    vk: { cid: 'QmZCvxKcKP97vDAk8Nxs9R1fWtqpjQrAhhfXPoCi1nkDoF', digest: 'fc02943678dd119e69e7fab8420e8819' },
  },
  {
    size: '32GiB',
    kind: 'window-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-0377ded656c6f524f1618760bffe4e0a1c51d5a70c4509eedae8a27555733edc',
    params: {
      cid: 'QmaUmfcJt6pozn8ndq1JVBzLRjRJdHMTPd4foa8iw5sjBZ',
      digest: '2cf49eb26f1fee94c85781a390ddb4c8',
    },
    vk: { cid: 'QmR9i9KL3vhhAqTBGj1bPPC7LvkptxrH9RvxJxLN1vvsBE', digest: '0f8ec542485568fa3468c066e9fed82b' },
  },
  {
    size: '32GiB',
    kind: 'empty-sector-update',
    id: 'empty-sector-update-merkletree-poseidon_hasher-8-8-0-3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18',
    params: {
      cid: 'QmNPc75iEfcahCwNKdqnWLtxnjspUGGR4iscjiz3wP3RtS',
      digest: '1b3cfd761a961543f9eb273e435a06a2',
    },
    vk: { cid: 'QmdFFUe1gcz9MMHc6YW8aoV48w4ckvcERjt7PkydQAMfCN', digest: '3a6941983754737fde880d29c7094905' },
  },
  {
    size: '64GiB',
    kind: 'porep',
    id: 'stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-2-sha256_hasher-96f1b4a04c5c51e4759bbf224bbc2ef5a42c7100f16ec0637123f16a845ddfb2',
    params: {
      cid: 'QmS7ye6Ri2MfFzCkcUJ7FQ6zxDKuJ6J6B8k5PN7wzSR9sX',
      digest: '1801f8a6e1b00bceb00cc27314bb5ce3',
    },
    vk: { cid: 'QmehSmC6BhrgRZakPDta2ewoH9nosNzdjCqQRXsNFNUkLN', digest: 'a89884252c04c298d0b3c81bfd884164' },
  },
  {
    size: '64GiB',
    kind: 'winning-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-b62098629d07946e9028127e70295ed996fe3ed25b0f9f88eb610a0ab4385a3c',
    params: {
      cid: 'QmVkrXc1SLcpgcudK5J25HH93QvR9tNsVhVTYHm5UymXAz',
      digest: '2170a91ad5bae22ea61f2ea766630322',
    },
    vk: { cid: 'QmbfQjPD7EpzjhWGmvWAsyN2mAZ4PcYhsf3ujuhU9CSuBm', digest: '6d3789148fb6466d07ee1e24d6292fd6' },
  },
  {
    size: '64GiB',
    kind: 'window-post',
    id: 'proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-2627e4006b67f99cef990c0a47d5426cb7ab0a0ad58fc1061547bf2d28b09def',
    params: {
      cid: 'QmeAN4vuANhXsF8xP2Lx5j2L6yMSdogLzpcvqCJThRGK1V',
      digest: '3810b7780ac0e299b22ae70f1f94c9bc',
    },
    vk: { cid: 'QmWV8rqZLxs1oQN9jxNWmnT1YdgLwCcscv94VARrhHf1T7', digest: '59d2bf1857adc59a4f08fcf2afaa916b' },
  },
  {
    size: '64GiB',
    kind: 'empty-sector-update',
    id: 'empty-sector-update-merkletree-poseidon_hasher-8-8-2-102e1444a7e9a97ebf1e3d6855dcc77e66c011ea66f936d9b2c508f87f2f83a7',
    params: {
      cid: 'QmUB6xTVjzBQGuDNeyJMrrJ1byk58vhPm8eY2Lv9pgwanp',
      digest: '1a392e7b759fb18e036c7559b5ece816',
    },
    vk: { cid: 'Qmd794Jty7k26XJ8Eg4NDEks65Qk8G4GVfGkwqvymv8HAg', digest: '80e366df2f1011953c2d01c7b7c9ee8e' },
  },
];

/** The reference string of proof aggregation, for every sector size. */
export const PUBLISHED_SRS: Published = {
  cid: 'Qmdq44DjcQnFfU3PJcdX7J49GCqcUYszr1TxMbHtAkvQ3g',
  digest: 'ae20310138f5ba81451d723f858e3797',
};
