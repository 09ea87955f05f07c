//! Each applet is a cargo feature of its name, so that a program of some applets can be built.

#[test]
fn each_applet_is_a_feature_and_all_of_them_are_the_default() {
    let manifest = include_str!("../../Cargo.toml");
    let list = |name: &str| {
        let (_, list) = manifest.split_once(&format!("\n{name} = [")).unwrap();
        list.split_once(']').unwrap().0.to_owned()
    };
    let all = list("applets") + &list("commands");
    let (_, rows) = include_str!("../../applets/main.rs").split_once("\ncommands! {\n").unwrap();
    let mut applets = 0;
    for row in rows.lines().take_while(|row| *row != "}") {
        let name = row.trim().trim_start_matches('"').split('"').next().unwrap();
        assert!(manifest.contains(&format!("\n{name} = [\"multicall\"")), "Cargo.toml has no feature {name}");
        assert!(all.contains(&format!("\"{name}\"")), "{name} is not among the applets of the default features");
        applets += 1;
    }
    assert!(applets > 7, "the rows of the applets were not found");
}
