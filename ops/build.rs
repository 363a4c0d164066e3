//! Tells the code which FFmpeg it is compiled against: `ffmpeg-sys-next` found out while making its bindings.

fn main() {
    for version in ["6_0", "7_0", "8_0"] {
        println!("cargo:rustc-check-cfg=cfg(ffmpeg_{version})");
        if std::env::var(format!("DEP_FFMPEG_FFMPEG_{version}")).as_deref() == Ok("true") {
            println!("cargo:rustc-cfg=ffmpeg_{version}");
        }
    }
    println!("cargo:rerun-if-changed=build.rs");
}
