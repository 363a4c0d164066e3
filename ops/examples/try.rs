fn main() {
    let mut args = std::env::args().skip(1);
    let (source, ops, out) = (
        args.next().unwrap(),
        args.next().unwrap(),
        args.next().unwrap(),
    );
    let out = std::path::PathBuf::from(out);
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).unwrap();
    let cancel = opmill_ops::Cancel::new();
    let env = opmill_ops::Environment {
        limits: &opmill_ops::Limits::default(),
        threads: 2,
        cancel: &cancel,
        progress: &|_| (),
        explain: &|_, _| (),
    };
    for (i, c) in opmill_ops::parse(&ops).unwrap().into_iter().enumerate() {
        let dir = out.join(i.to_string());
        std::fs::create_dir(&dir).unwrap();
        let pipeline = match c.pipeline {
            Ok(p) => p,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        opmill_ops::run(
            source.as_ref(),
            vec![opmill_ops::Task::new(i, pipeline, dir)],
            &env,
            &mut |i, r| match r {
                Ok(o) => println!("{i} {o:?}"),
                Err(e) => println!("{i} ERROR {e}"),
            },
        );
    }
}
