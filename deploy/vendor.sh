#!/bin/sh
# Fetch what the panel's Mirror view draws with into appliance/panel/static/vendor. Browsers resolve no
# bare names without an import map, which a page without inline script cannot have: they become paths.
set -eu
three=0.184.0
vrm=3.5.5
to=$(cd "$(dirname "$0")/.." && pwd)/appliance/panel/static/vendor
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm pack --silent "three@$three" "@pixiv/three-vrm@$vrm" > /dev/null
mkdir three vrm
tar xzf "three-$three.tgz" -C three --strip-components 1
tar xzf "pixiv-three-vrm-$vrm.tgz" -C vrm --strip-components 1
mkdir -p "$to"
cp three/LICENSE "$to/three.LICENSE.txt"
cp vrm/LICENSE "$to/three-vrm.LICENSE.txt"
jsm=three/examples/jsm
for file in three/build/three.module.min.js three/build/three.core.min.js \
            $jsm/loaders/GLTFLoader.js $jsm/utils/BufferGeometryUtils.js $jsm/utils/SkeletonUtils.js \
            vrm/lib/three-vrm.module.min.js; do
    sed -E -e "s#from ?(['\"])three['\"]#from \1./three.module.min.js\1#g" \
           -e "s#from '\.\./utils/#from './#" -e '/^\/\/# sourceMappingURL/d' \
        "$file" > "$to/$(basename "$file")"
done
